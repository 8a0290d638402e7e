#include "storage/engine/body_reader.h"

#include "wire/compression.h"

namespace kolben::storage::engine {
namespace {

std::uint64_t key_of(const SegmentView& view, std::uint32_t record) {
  return view.number << 32 | record;
}

Status lost(const SegmentView& view, std::string_view what) {
  return data_loss("segment " + std::to_string(view.number) + ": " + std::string(what));
}

Result<std::string> read_stored(const SegmentView& view, const RecordEntry& entry) {
  std::string stored(entry.body_bytes, '\0');
  Result<std::size_t> got =
      view.log->read_at(entry.offset + sizeof(RecordHeader), stored.data(), stored.size());
  if (!got) return got.error();
  if (*got != stored.size()) return lost(view, "the log is cut off");
  return stored;
}

Result<Body> load(const SegmentView& view, std::uint32_t record) {
  if (record >= view.records.size()) return lost(view, "the index names a record that is not");
  const RecordEntry& entry = view.records[record];
  Result<std::string> stored = read_stored(view, entry);
  if (!stored) return stored.error();
  const auto compression = static_cast<wire::Compression>(entry.compression);
  if (compression == wire::Compression::kNone) {
    return Body(std::make_shared<const std::string>(std::move(*stored)));
  }
  Result<std::string> raw = wire::decompress(compression, *stored, entry.raw_bytes);
  if (!raw) return lost(view, raw.error().message());
  return Body(std::make_shared<const std::string>(std::move(*raw)));
}

}  // namespace

Result<Body> BodyCache::get(const SegmentView& view, std::uint32_t record) {
  const std::uint64_t key = key_of(view, record);
  if (Body known = find(key)) return known;
  Result<Body> body = load(view, record);
  if (body) keep(key, *body);
  return body;
}

Body BodyCache::find(std::uint64_t key) {
  MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
  return found->second->body;
}

void BodyCache::keep(std::uint64_t key, const Body& body) {
  MutexLock lock(mutex_);
  if (body->size() > bytes_max_ / 2 || by_key_.count(key) != 0) return;
  newest_first_.push_front({key, body});
  by_key_[key] = newest_first_.begin();
  bytes_ += body->size();
  while (bytes_ > bytes_max_) {
    const Entry& oldest = newest_first_.back();
    bytes_ -= oldest.body->size();
    by_key_.erase(oldest.key);
    newest_first_.pop_back();
  }
}

Result<std::string_view> BodyReader::body(const SegmentView& view, std::uint32_t record) {
  if (view_ != &view || record_ != record || !body_) {
    Result<Body> body = cache_.get(view, record);
    if (!body) return body.error();
    view_ = &view;
    record_ = record;
    body_ = std::move(*body);
  }
  return std::string_view(*body_);
}

Status BodyReader::append(const SegmentView& view, std::uint32_t record, Slice slice,
                          std::string& out) {
  if (slice.bytes == 0) return Status::ok();
  if (record >= view.records.size()) return lost(view, "the index names a record that is not");
  const RecordEntry& entry = view.records[record];
  if (static_cast<wire::Compression>(entry.compression) != wire::Compression::kNone) {
    Result<std::string_view> whole = body(view, record);
    if (!whole) return whole.status();
    out.append(part_of(*whole, slice));
    return Status::ok();
  }
  if (slice.offset > entry.body_bytes || slice.bytes > entry.body_bytes - slice.offset) {
    return lost(view, "the index names bytes that are not");
  }
  const std::size_t before = out.size();
  out.resize(before + slice.bytes);
  Result<std::size_t> got = view.log->read_at(entry.offset + sizeof(RecordHeader) + slice.offset,
                                              out.data() + before, slice.bytes);
  if (!got) return got.status();
  return *got == slice.bytes ? Status::ok() : lost(view, "the log is cut off");
}

}  // namespace kolben::storage::engine
