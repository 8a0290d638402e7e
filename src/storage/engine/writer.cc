#include "storage/engine/writer.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::engine {
namespace {

// A group ends when it has this much: larger ones cost latency and gain nothing more.
constexpr std::uint64_t kGroupBytes = 1 << 20;
constexpr std::chrono::milliseconds kQueueRetry(100);
constexpr std::chrono::milliseconds kDiskRetry(1000);
// After the disk refused, batches are refused at the door for so long.
constexpr std::uint64_t kFailureNanos = 200'000'000;

std::uint64_t bytes_of(const Batch& batch) {
  std::uint64_t bytes = 0;
  for (const WirePiece& piece : batch.pieces()) {
    bytes += piece.message.size() + piece.compressed.size();
  }
  return bytes;
}

bool is_plain(const WirePiece& piece) {
  return piece.compression == wire::Compression::kNone || piece.compressed.empty();
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

std::shared_ptr<const Request> make_request(const RecordHeader& header, Bytes body, Walked& walked,
                                            DuplicateWindow& window) {
  auto request = std::make_shared<Request>();
  request->sequence = header.sequence;
  request->received_unix_nano = header.received_unix_nano;
  request->signal = static_cast<Signal>(header.signal);
  request->items = walked.items;
  for (std::uint64_t& fingerprint : walked.fingerprints) {
    if (fingerprint == 0 || window.insert(fingerprint)) continue;
    fingerprint = 0;
    const std::uint64_t copies = request->signal == Signal::kTraces ? 1 : walked.items;
    request->items -= copies;
    request->copies += copies;
  }
  request->fingerprints = walked.fingerprints;
  if (request->items > 0) request->body = std::move(body);
  return request;
}

Writer::Writer(Surroundings around, std::uint64_t next_sequence, DuplicateWindow window,
               UniqueFunction<void(const Status&)> on_added)
    : around_(around),
      on_added_(std::move(on_added)),
      next_sequence_(next_sequence),
      window_(std::move(window)) {}

Writer::~Writer() {
  stop();
}

void Writer::start(const Status& disk) {
  if (!disk) note_failure(refusal(disk));
  thread_ = Thread("store-writer", [this] { run(); });
}

void Writer::stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

Status Writer::write(Batch&& batch, Store::OnDurable&& on_durable) {
  if (!batch.is_wire()) return invalid_argument("the store takes batches in wire form");
  const std::uint64_t bytes = bytes_of(batch);
  const bool waits = around_.options.durability != Durability::kMemory;
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return unavailable("the store is closing").with_retry_after(kDiskRetry);
    if (!failure_.is_ok() && around_.clock.steady_nanos() < failure_ends_) return failure_;
    // A batch larger than the bound still goes, alone.
    const std::uint64_t held = pending_bytes_ + around_.tail.bytes();
    is_full_ = held > 0 && held + bytes > around_.options.tail_bytes_max;
    if (is_full_) {
      return resource_exhausted("the store has " + std::to_string(held) +
                                " bytes waiting for the disk")
          .with_retry_after(kQueueRetry);
    }
    pending_bytes_ += bytes;
    ++taken_;
    queue_.push_back({std::move(batch), waits ? std::move(on_durable) : Store::OnDurable(), bytes});
    changed_.notify_one();
  }
  if (!waits && on_durable) on_durable(Status::ok());
  return Status::ok();
}

void Writer::settle() {
  MutexLock lock(mutex_);
  const std::uint64_t taken = taken_;
  while (settled_count_ < taken) settled_.wait(mutex_);
}

std::uint64_t Writer::copies() const {
  MutexLock lock(mutex_);
  return copies_;
}

Status Writer::disk_health() const {
  MutexLock lock(mutex_);
  return is_failing_ ? failure_ : Status::ok();
}

bool Writer::is_full() const {
  MutexLock lock(mutex_);
  return is_full_;
}

void Writer::run() {
  std::vector<Pending> group;
  while (take_group(group)) {
    group.empty() ? try_disk() : commit(group);
    group.clear();
  }
}

// Without it a sender who stays away while the disk is full would never hear that it has room.
void Writer::try_disk() {
  const Status ready = refusal(around_.wal.make_ready());
  note_failure(ready);
  on_added_(ready);
}

// False when there is nothing more to come. An empty group: it is time to try the disk.
bool Writer::take_group(std::vector<Pending>& group) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !is_stopping_) {
    if (!is_failing_) {
      changed_.wait(mutex_);
    } else if (!changed_.wait_for(mutex_, kDiskRetry) && queue_.empty() && !is_stopping_) {
      return true;
    }
  }
  std::uint64_t bytes = 0;
  while (!queue_.empty() && bytes < kGroupBytes) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !group.empty();
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
  give_back(group);
  note_failure(written);
  on_added_(written);

  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!group[i].on_durable) continue;
    group[i].on_durable(outcomes[i] ? written : std::move(outcomes[i]));
  }
}

// The tail counts the bytes now, or nobody does.
void Writer::give_back(const std::vector<Pending>& group) {
  MutexLock lock(mutex_);
  for (const Pending& pending : group) pending_bytes_ -= pending.bytes;
  settled_count_ += group.size();
  settled_.notify_all();
}

// Plain pieces one behind the other are one request.
Status Writer::prepare(const Batch& batch) {
  const std::vector<WirePiece>& pieces = batch.pieces();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!is_plain(pieces[i])) {
      KOLBEN_RETURN_IF_ERROR(prepare_record(batch.signal(), pieces[i].message, &pieces[i]));
      continue;
    }
    Bytes message = pieces[i].message;
    if (i + 1 < pieces.size() && is_plain(pieces[i + 1])) {
      std::string joined(message.view());
      while (i + 1 < pieces.size() && is_plain(pieces[i + 1]) && joined.size() < kGroupBytes) {
        joined.append(pieces[++i].message.view());
      }
      message = Bytes::from_string(std::move(joined));
    }
    KOLBEN_RETURN_IF_ERROR(prepare_record(batch.signal(), std::move(message), nullptr));
  }
  return Status::ok();
}

// `compressed`: where the message came compressed, that goes to the disk.
Status Writer::prepare_record(Signal signal, Bytes message, const WirePiece* compressed) {
  if (message.empty()) return Status::ok();
  if (records_used_ == records_.size()) records_.emplace_back();
  Prepared& prepared = records_[records_used_];
  prepared.signal = signal;
  prepared.message = std::move(message);
  prepared.stored = compressed != nullptr ? compressed->compressed : prepared.message;
  if (std::max(prepared.message.size(), prepared.stored.size()) > kRecordBytesMax) {
    return invalid_argument("a request of " + std::to_string(prepared.message.size()) +
                            " bytes is too large to be stored");
  }
  KOLBEN_RETURN_IF_ERROR(walk(signal, prepared.message.view(), prepared.walked));
  RecordHeader& header = prepared.record.header;
  header = {};
  header.received_unix_nano = around_.clock.unix_nanos();
  header.raw_bytes = static_cast<std::uint32_t>(prepared.message.size());
  header.items = static_cast<std::uint32_t>(prepared.walked.items);
  header.signal = static_cast<std::uint8_t>(signal);
  header.compression = static_cast<std::uint8_t>(compressed != nullptr ? compressed->compression
                                                                       : wire::Compression::kNone);
  prepared.record.body = prepared.stored.view();
  ++records_used_;
  return Status::ok();
}

Status Writer::write_group() {
  std::vector<std::string_view> slices;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < records_used_; ++i) {
    LaidOutRecord& record = records_[i].record;
    record.header.sequence = next_sequence_++;
    record.header.place_in_group = static_cast<std::uint16_t>(std::min<std::size_t>(i, UINT16_MAX));
    record.seal(around_.log_key);
    record.append_slices(slices);
    bytes += record.bytes();
  }
  return around_.wal.append(slices, bytes, next_sequence_ - 1);
}

void Writer::add_group() {
  std::uint64_t copies = 0;
  for (std::size_t i = 0; i < records_used_; ++i) {
    Prepared& prepared = records_[i];
    std::shared_ptr<const Request> request =
        make_request(prepared.record.header, std::move(prepared.message), prepared.walked, window_);
    copies += request->copies;
    around_.tail.add(std::move(request));
    prepared.message = prepared.stored = Bytes();
  }
  MutexLock lock(mutex_);
  copies_ += copies;
}

void Writer::note_failure(const Status& status) {
  bool is_news = false;
  {
    MutexLock lock(mutex_);
    is_news = is_failing_ != !status.is_ok();
    is_failing_ = !status.is_ok();
    failure_ = status;
    if (!status.is_ok()) failure_ends_ = around_.clock.steady_nanos() + kFailureNanos;
  }
  if (!is_news) return;
  around_.report(status.is_ok() ? "the store takes data again"
                                : "the store refuses data: " + status.to_string());
}

}  // namespace kolben::storage::engine
