#include "storage/engine/writer.h"

#include <algorithm>
#include <utility>

#include "otlp/decode.h"
#include "otlp/encode.h"
#include "storage/engine/recovery.h"

namespace kolben::storage::engine {
namespace {

// A group ends when it has this much: larger ones cost latency and gain nothing more.
constexpr std::uint64_t kGroupBytes = 1 << 20;
// Rows of a segment in memory (80 bytes each), where bodies are small or well compressed.
constexpr std::uint64_t kSegmentSpansMax = 1 << 20;
// Full segments that wait for their index, each with its columns in memory.
constexpr std::size_t kUnsealedMax = 4;
// With less room than this a log is not begun.
constexpr std::uint64_t kSegmentBytesMin = 1 << 20;
constexpr std::chrono::milliseconds kQueueRetry(100);
constexpr std::chrono::milliseconds kDiskRetry(1000);
// After the disk refused, batches are refused at the door for so long.
constexpr std::uint64_t kFailureNanos = 200'000'000;
// Segments in which data grows old: age is kept to within a 24th.
constexpr int kSegmentsPerAge = 24;

std::uint64_t bytes_of(const Batch& batch) {
  std::uint64_t bytes = 0;
  for (const WirePiece& piece : batch.pieces()) {
    bytes += piece.message.size() + piece.compressed.size();
  }
  return bytes;
}

// What senders are told of a failure of the disk: to try again.
Status refusal(Status status) {
  if (status || status.code() == StatusCode::kInvalidArgument) return status;
  if (status.code() == StatusCode::kResourceExhausted) {
    return std::move(status).with_context("storing").with_retry_after(kDiskRetry);
  }
  return unavailable("storing: " + std::string(status.message())).with_retry_after(kDiskRetry);
}

}  // namespace

Writer::Writer(const Options& options, const DataDirectory& directory, const Clock& clock,
               SegmentSet& segments, Keeper& keeper, Report& report, Beginning beginning)
    : options_(options),
      directory_(directory),
      clock_(clock),
      segments_(segments),
      keeper_(keeper),
      report_(report),
      next_segment_(beginning.next_segment),
      next_sequence_(beginning.next_sequence),
      window_(std::move(beginning.window)),
      to_remember_(std::move(beginning.to_remember)) {}

Writer::~Writer() {
  stop();
}

Status Writer::start() {
  KOLBEN_RETURN_IF_ERROR(open_segment(0));
  thread_ = Thread("store-writer", [this] { run(); });
  return Status::ok();
}

void Writer::stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
  end_segment();
}

Status Writer::write(Batch&& batch, Store::OnDurable&& on_durable) {
  if (!batch.is_wire()) return invalid_argument("the store takes batches in wire form");
  const std::uint64_t bytes = bytes_of(batch);
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return unavailable("the store is closing").with_retry_after(kDiskRetry);
    if (!failure_.is_ok() && clock_.steady_nanos() < failure_ends_) return failure_;
    // A batch larger than the bound still goes, alone.
    if (pending_bytes_ > 0 && pending_bytes_ + bytes > options_.pending_bytes_max) {
      return resource_exhausted("the store has " + std::to_string(pending_bytes_) +
                                " bytes waiting for the disk")
          .with_retry_after(kQueueRetry);
    }
    pending_bytes_ += bytes;
    const bool waits = options_.durability != Durability::kMemory;
    queue_.push_back({std::move(batch), waits ? std::move(on_durable) : Store::OnDurable(), bytes});
    changed_.notify_one();
  }
  if (options_.durability == Durability::kMemory && on_durable) on_durable(Status::ok());
  return Status::ok();
}

void Writer::run() {
  remember(to_remember_, window_);
  to_remember_.clear();
  std::vector<Pending> group;
  while (take_group(group)) {
    if (!group.empty()) commit(group);
    group.clear();
    if (open_ && is_aged()) end_segment();
  }
}

// False when there is nothing more to come.
bool Writer::take_group(std::vector<Pending>& group) {
  MutexLock lock(mutex_);
  if (queue_.empty() && !is_stopping_) changed_.wait_for(mutex_, std::chrono::seconds(1));
  std::uint64_t bytes = 0;
  while (!queue_.empty() && bytes < kGroupBytes) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !group.empty() || !is_stopping_;
}

void Writer::commit(std::vector<Pending>& group) {
  std::vector<Status> outcomes;
  records_used_ = 0;
  for (const Pending& pending : group) {
    const std::size_t before = records_used_;
    outcomes.push_back(prepare(pending.batch));
    if (!outcomes.back()) records_used_ = before;  // nothing of it is written
  }
  const Status written = refusal(records_used_ > 0 ? write_group() : Status::ok());
  if (written) add_group();
  note_failure(written);

  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    bytes += group[i].bytes;
    if (!group[i].on_durable) continue;
    group[i].on_durable(outcomes[i] ? written : std::move(outcomes[i]));
  }
  MutexLock lock(mutex_);
  pending_bytes_ -= bytes;
}

Status Writer::prepare(const Batch& batch) {
  std::string plain;  // plain pieces one behind the other are one request
  const std::vector<WirePiece>& pieces = batch.pieces();
  const auto is_plain = [](const WirePiece& piece) {
    return piece.compression == wire::Compression::kNone || piece.compressed.empty();
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view message = pieces[i].message.view();
    if (!is_plain(pieces[i])) {
      KOLBEN_RETURN_IF_ERROR(prepare_record(batch.signal(), message, pieces[i].compressed.view(),
                                            pieces[i].compression, {}));
      continue;
    }
    std::string joined;
    if (i + 1 < pieces.size() && is_plain(pieces[i + 1])) {
      joined.append(message);
      while (i + 1 < pieces.size() && is_plain(pieces[i + 1]) && joined.size() < kGroupBytes) {
        joined.append(pieces[++i].message.view());
      }
      KOLBEN_RETURN_IF_ERROR(
          prepare_record(batch.signal(), {}, {}, wire::Compression::kNone, std::move(joined)));
    } else {
      KOLBEN_RETURN_IF_ERROR(
          prepare_record(batch.signal(), message, message, wire::Compression::kNone, {}));
    }
  }
  return Status::ok();
}

// `message` is the request, `stored` what goes to the disk; or both are `text`, which is kept.
Status Writer::prepare_record(Signal signal, std::string_view message, std::string_view stored,
                              wire::Compression compression, std::string&& text) {
  if (records_used_ == records_.size()) records_.push_back(std::make_unique<Prepared>());
  Prepared& prepared = *records_[records_used_];
  prepared.text = std::move(text);
  if (!prepared.text.empty()) message = stored = prepared.text;
  if (message.empty()) return Status::ok();
  if (std::max(message.size(), stored.size()) > kRecordBytesMax) {
    return invalid_argument("a request of " + std::to_string(message.size()) +
                            " bytes is too large to be stored");
  }
  KOLBEN_RETURN_IF_ERROR(walk(signal, message, prepared.walked));
  if (prepared.walked.is_scattered) {
    WirePiece piece;
    piece.message = Bytes::from_string(std::string(message));
    Batch batch = Batch::from_wire(signal, {std::move(piece)}, 0);
    KOLBEN_RETURN_IF_ERROR(otlp::decode(batch));
    prepared.text.clear();
    otlp::encode(batch, prepared.text);
    message = stored = prepared.text;
    compression = wire::Compression::kNone;
    KOLBEN_RETURN_IF_ERROR(walk(signal, message, prepared.walked));
  }
  const std::uint64_t items =
      prepared.walked.spans.size() + prepared.walked.logs.size() + prepared.walked.metric_points;
  prepared.record.header = {};
  prepared.record.header.received_unix_nano = clock_.unix_nanos();
  prepared.record.header.raw_bytes = static_cast<std::uint32_t>(message.size());
  prepared.record.header.items = static_cast<std::uint32_t>(items);
  prepared.record.header.signal = static_cast<std::uint8_t>(signal);
  prepared.record.header.compression = static_cast<std::uint8_t>(compression);
  prepared.record.body.assign(1, stored);
  ++records_used_;
  return Status::ok();
}

Status Writer::write_group() {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < records_used_; ++i) {
    records_[i]->record.header.sequence = next_sequence_++;
    records_[i]->record.seal();
    bytes += records_[i]->record.bytes();
  }
  KOLBEN_RETURN_IF_ERROR(ensure_segment(bytes));
  std::vector<std::string_view> slices;
  std::uint64_t offset = open_->end;
  for (std::size_t i = 0; i < records_used_; ++i) {
    records_[i]->record.append_slices(slices);
    records_[i]->entry = entry_of(offset, records_[i]->record.header);
    offset += records_[i]->record.bytes();
  }
  Status written = open_->log->write_at(open_->end, slices);
  const bool is_full = written.code() == StatusCode::kResourceExhausted;
  if (written && options_.durability == Durability::kDisk) written = open_->log->sync();
  if (!written) {
    // A full disk leaves the file as good as it was: the next group writes over the remains.
    if (!is_full) {
      static_cast<void>(open_->log->truncate(open_->end));  // what was refused shall not come back
      end_segment();
    }
    return written;
  }
  open_->end = offset;
  return Status::ok();
}

void Writer::add_group() {
  for (std::size_t i = 0; i < records_used_; ++i) {
    Prepared& prepared = *records_[i];
    if (open_->first_received == 0) open_->first_received = prepared.entry.received_unix_nano;
    open_->spans += prepared.walked.spans.size() + prepared.walked.logs.size();
    open_->active->apply(prepared.entry, prepared.walked, window_);
  }
}

Status Writer::ensure_segment(std::uint64_t bytes) {
  if (open_ && open_->end > 0 &&
      (open_->end + bytes > open_->room || open_->spans >= kSegmentSpansMax)) {
    end_segment();
  }
  if (open_) return Status::ok();
  return open_segment(bytes);
}

Status Writer::open_segment(std::uint64_t bytes) {
  if (keeper_.unsealed() >= kUnsealedMax) {
    return resource_exhausted("the disk has no room to seal segments");
  }
  const std::uint64_t wanted = std::min(
      options_.segment_bytes, std::max(kSegmentBytesMin, options_.retention_bytes_max / 8));
  std::uint64_t room = std::max(wanted, bytes);
  const std::string path = directory_.log_path(next_segment_);
  Result<std::unique_ptr<File>> log = directory_.files().open(path, OpenMode::kCreate);
  if (!log) return log.status();
  Status reserved = (*log)->allocate(room);
  // On a disk that is nearly full a smaller log does as well.
  while (reserved.code() == StatusCode::kResourceExhausted && room / 2 >= kSegmentBytesMin &&
         room / 2 >= bytes) {
    room /= 2;
    reserved = (*log)->allocate(room);
  }
  if (reserved.code() == StatusCode::kUnimplemented) reserved = Status::ok();
  if (reserved) reserved = directory_.files().sync_directory(directory_.segments_path());
  if (!reserved) {
    static_cast<void>(directory_.files().remove(path));
    return reserved;
  }
  open_ = std::make_unique<Open>();
  open_->number = next_segment_++;
  open_->log = std::move(*log);
  open_->active = std::make_shared<ActiveSegment>(open_->number, open_->log);
  open_->room = room;
  Segment segment;
  segment.number = open_->number;
  segment.log = open_->log;
  segment.active = open_->active;
  segments_.add(std::move(segment));
  return Status::ok();
}

void Writer::end_segment() {
  if (!open_) return;
  segments_.mark_full(open_->number);
  open_.reset();
  keeper_.wake();
}

bool Writer::is_aged() const {
  if (open_->first_received == 0) return false;
  const std::uint64_t now = clock_.unix_nanos();
  const auto age_max = static_cast<std::uint64_t>(options_.retention_age_max.count());
  return now > open_->first_received && now - open_->first_received > age_max / kSegmentsPerAge;
}

void Writer::note_failure(const Status& status) {
  bool is_news = false;
  {
    MutexLock lock(mutex_);
    is_news = is_failing_ != !status.is_ok();
    is_failing_ = !status.is_ok();
    failure_ = status;
    if (!status.is_ok()) failure_ends_ = clock_.steady_nanos() + kFailureNanos;
  }
  if (!status.is_ok()) keeper_.wake();  // retention may make room
  if (!is_news) return;
  report_(status.is_ok() ? "the store takes data again"
                         : "the store refuses data: " + status.to_string());
}

}  // namespace kolben::storage::engine
