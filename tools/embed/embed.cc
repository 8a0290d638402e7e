// embed OUTPUT DIRECTORY: writes a C++ source file that holds every file of a directory, plain and
// gzip-compressed at the highest level, as the table that src/query/assets/assets.h declares. A
// build tool: it runs on the machine that builds, and never again.
//
// Where DIRECTORY has no index.html, the file holds a page that says how to build the real one, so
// that the program builds without Node.
#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr char kStandIn[] =
    "<!doctype html>\n<html lang=\"en\">\n<head><meta "
    "charset=\"utf-8\"><title>Kolben</title></head>\n"
    "<body>\n<h1>Kolben is running; its page was not built into it</h1>\n"
    "<p>Node was missing when this program was built. Run <code>make build</code> where Node 18 "
    "or\n"
    "newer is installed, or <code>cd ui &amp;&amp; npm ci &amp;&amp; node build.mjs</code> and "
    "build "
    "again.</p>\n"
    "<p>The data is at <a href=\"/api/services\">/api/services</a> and\n"
    "<a href=\"/api/traces\">/api/traces</a>.</p>\n</body>\n</html>\n";

// A web page of ours has a few hundred kilobytes; more is a mistake in the path.
constexpr std::size_t kFilesMax = 1000;
constexpr std::size_t kBytesMax = std::size_t{32} << 20;

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "embed: %s\n", message.c_str());
  std::exit(1);
}

struct Asset {
  std::string path;  // "/assets/main-ABCDEFGH.js"
  std::string content;
};

std::string read_file(const fs::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) fail("cannot open " + path.string());
  std::string content;
  char buffer[1 << 16];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) {
    content.append(buffer, got);
    if (content.size() > kBytesMax) fail(path.string() + " is too large");
  }
  std::fclose(file);
  return content;
}

std::vector<Asset> collect(const fs::path& directory) {
  std::vector<Asset> assets;
  if (!fs::exists(directory / "index.html")) return {{"/index.html", kStandIn}};
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    const bool is_wanted =
        entry.is_regular_file() && !name.starts_with('.') && entry.path().extension() != ".map";
    if (!is_wanted) continue;
    const std::string relative = fs::relative(entry.path(), directory).generic_string();
    assets.push_back({"/" + relative, read_file(entry.path())});
    if (assets.size() > kFilesMax) fail("more files than expected in " + directory.string());
  }
  std::sort(assets.begin(), assets.end(),
            [](const Asset& a, const Asset& b) { return a.path < b.path; });
  return assets;
}

std::string gzip(const std::string& content) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(12);
  if (compressor == nullptr) fail("out of memory");
  std::string out(libdeflate_gzip_compress_bound(compressor, content.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor, content.data(), content.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::string_view content_type(std::string_view path) {
  struct Row {
    std::string_view extension, type;
  };
  static constexpr Row kRows[] = {
      {".css", "text/css; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".woff2", "font/woff2"},
  };
  for (const Row& row : kRows) {
    if (path.ends_with(row.extension)) return row.type;
  }
  return "application/octet-stream";
}

// FNV-1a, 64 bits: tells two builds of one file apart.
std::string etag(const std::string& content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : content) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

// "main-ABCDEFGH.js": eight upper-case letters or digits before the extension, as esbuild names
// files by their content.
bool is_named_by_content(std::string_view path) {
  constexpr std::size_t kHashLength = 8;
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot < kHashLength + 1) return false;
  const std::string_view hash = path.substr(dot - kHashLength, kHashLength);
  const bool is_hash =
      hash.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string_view::npos;
  return is_hash && path[dot - kHashLength - 1] == '-';
}

// Printable characters as they are, the others in octal: three digits, so that a digit that
// follows is not taken for part of it.
std::string literal(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?') {
      out += c;
    } else {
      char escape[5];
      std::snprintf(escape, sizeof(escape), "\\%03o", static_cast<unsigned char>(c));
      out += escape;
    }
  }
  return out + "\"";
}

std::string source_of(const std::vector<Asset>& assets) {
  std::string out =
      "// Made by tools/embed from the built web page. Not for editing.\n"
      "#include \"query/assets/assets.h\"\n\n"
      "namespace kolben::query::assets {\nnamespace {\n\nusing namespace "
      "std::string_view_literals;\n\n"
      "constexpr Asset kAssets[] = {\n";
  for (const Asset& asset : assets) {
    const std::string packed = gzip(asset.content);
    out += "    {" + literal(asset.path) + "sv, " + literal(content_type(asset.path)) + "sv, " +
           literal(etag(asset.content)) + "sv, " +
           (is_named_by_content(asset.path) ? "true" : "false") + ",\n     " +
           literal(asset.content) + "sv,\n     ";
    // Pictures and the like do not shrink.
    out += packed.size() < asset.content.size() ? literal(packed) : std::string("\"\"");
    out += "sv},\n";
  }
  return out +
         "};\n\n}  // namespace\n\nstd::span<const Asset> embedded() { return kAssets; }\n\n"
         "}  // namespace kolben::query::assets\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: embed OUTPUT DIRECTORY");
  const std::string source = source_of(collect(argv[2]));
  std::FILE* file = std::fopen(argv[1], "wb");
  if (file == nullptr) fail(std::string("cannot write ") + argv[1]);
  const bool is_written = std::fwrite(source.data(), 1, source.size(), file) == source.size();
  if (std::fclose(file) != 0 || !is_written) fail(std::string("cannot write ") + argv[1]);
  return 0;
}
