# What find_package(h3s) reads. It defines two targets to link with:
#
#   h3s::h3s      the shared library
#   h3s::static   the archive, with what it needs of the system, where it is installed
#
# `make install` fills in the names between @. Folders are found from this file, so that the
# installation may lie in another root folder. With symbolic links followed, since `..` of a /lib
# that leads to /usr/lib would be another folder.
get_filename_component(_h3s_here "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(_h3s_lib "${_h3s_here}/../.." ABSOLUTE)
get_filename_component(_h3s_include "${_h3s_here}/@include@" ABSOLUTE)

if(NOT TARGET h3s::h3s)
  add_library(h3s::h3s SHARED IMPORTED)
  set_target_properties(h3s::h3s PROPERTIES
    IMPORTED_LOCATION "${_h3s_lib}/libh3s.so.@version@"
    IMPORTED_SONAME "libh3s.so.@abi@"
    INTERFACE_INCLUDE_DIRECTORIES "${_h3s_include}")
endif()

if(NOT TARGET h3s::static AND EXISTS "${_h3s_lib}/libh3s.a")
  add_library(h3s::static STATIC IMPORTED)
  set_target_properties(h3s::static PROPERTIES
    IMPORTED_LOCATION "${_h3s_lib}/libh3s.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    INTERFACE_LINK_LIBRARIES "pthread;m;dl"
    INTERFACE_INCLUDE_DIRECTORIES "${_h3s_include}")
endif()

unset(_h3s_here)
unset(_h3s_lib)
unset(_h3s_include)
