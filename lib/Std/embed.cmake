# cmake -DOUT=Std.inc -DFILES=a.tds;b.tds -P embed.cmake: each file as {"name", R"tds(text)tds"},
set(result "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND result "{\"${name}\", R\"tds(${text})tds\"},\n")
endforeach()
file(WRITE ${OUT} "${result}")
