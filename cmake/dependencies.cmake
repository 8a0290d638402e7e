# Every third-party library of the C++ side, by the name that LINK uses. The packages that bring them
# are named in tools/install-deps, and nowhere else.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)          # Asio and Beast, header only: src/net
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_library(DEFLATE_LIBRARY deflate REQUIRED)
find_library(SNAPPY_LIBRARY snappy REQUIRED)

add_library(kolben_dep_boost INTERFACE)
target_link_libraries(kolben_dep_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(kolben_dep_boost INTERFACE BOOST_ASIO_NO_DEPRECATED
                                                      BOOST_ASIO_DISABLE_BOOST_COROUTINE)

if(KOLBEN_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(KOLBEN_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
