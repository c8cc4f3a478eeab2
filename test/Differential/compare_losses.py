"""Compares printed losses with PyTorch's: python3 compare_losses.py ours.txt digits_losses.json"""
import json
import sys

ours = [float(line) for line in open(sys.argv[1])]
theirs = json.load(open(sys.argv[2]))["losses"]
assert len(ours) == len(theirs) == 50, (len(ours), len(theirs))
worst = max(abs(a - b) / b for a, b in zip(ours, theirs))
print(f"largest relative difference of 50 losses: {worst:.2e}")
sys.exit(worst > 1e-4)
