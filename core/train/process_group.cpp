// SPDX-License-Identifier: MIT
#include "core/train/process_group.h"

#include "core/train/lifeline.h"
#include "core/train/rendezvous.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <optional>

namespace reverie {

namespace {

using nlohmann::json;

at::Tensor bytes_of(const std::string& text)
{
    auto bytes = at::empty({ std::int64_t(text.size()) }, at::kByte);
    std::copy(text.begin(), text.end(), bytes.data_ptr<std::uint8_t>());
    return bytes;
}

std::string text_of(const at::Tensor& bytes)
{
    const auto* begin = bytes.data_ptr<std::uint8_t>();
    return { begin, begin + bytes.numel() };
}

/// As numbers that can be added up.
at::ScalarType type_to_add(at::ScalarType type)
{
    if (type == at::kBool)
        return at::kByte;
    return type == at::kBFloat16 || type == at::kHalf ? at::kFloat : type;
}

} // namespace

struct ProcessGroup::Connection {
    std::unique_ptr<Lifeline> lifeline;
    std::unique_ptr<Collectives> messages; ///< on the processor
    std::unique_ptr<Collectives> data; ///< null: the same
    std::stop_source stop; ///< of the whole run, on rank 0
    std::optional<std::stop_callback<std::function<void()>>> on_stop;

    /// What the ranks do together; an error of it means that one of them is gone.
    template <class Work>
    auto together(Work work)
    {
        try {
            return work();
        } catch (const std::exception& error) {
            const std::string reason = error.what();
            const auto lost = lifeline->lost(std::chrono::seconds(3));
            throw RankError(lost ? *lost
                                 : "The connection between the ranks broke ("
                                    + reason.substr(0, reason.find('\n')) + ")",
                            lost && !lifeline->lost_rank_0());
        }
    }
};

namespace {

/// Copies the rows of this rank into their place among those of all, and the gradient back.
class GatherRows : public torch::autograd::Function<GatherRows>
{
public:
    using Sum = std::function<void(at::Tensor&)>;

    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& rows,
                              std::int64_t first, std::int64_t total, const std::shared_ptr<Sum>& sum)
    {
        const auto count = rows.size(0);
        context->saved_data["first"] = first;
        context->saved_data["count"] = count;
        context->saved_data["sum"] = c10::IValue::make_capsule(c10::make_intrusive<KeptSum>(sum));
        auto shape = rows.sizes().vec();
        shape[0] = total;
        auto all = at::zeros(shape, rows.options().dtype(type_to_add(rows.scalar_type())));
        all.narrow(0, first, count).copy_(rows);
        (*sum)(all);
        return all.to(rows.scalar_type());
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients)
    {
        const auto kept = c10::static_intrusive_pointer_cast<KeptSum>(context->saved_data["sum"].toCapsule());
        const auto type = gradients[0].scalar_type();
        auto total = gradients[0].to(type_to_add(type)).clone(at::MemoryFormat::Contiguous);
        (*kept->sum)(total);
        return { total.narrow(0, context->saved_data["first"].toInt(), context->saved_data["count"].toInt())
                     .to(type),
                 {},
                 {},
                 {} };
    }

private:
    struct KeptSum : torch::CustomClassHolder {
        explicit KeptSum(std::shared_ptr<Sum> s)
            : sum(std::move(s))
        {
        }
        std::shared_ptr<Sum> sum;
    };
};

} // namespace

ProcessGroup::ProcessGroup(std::stop_token stop)
    : stop_(std::move(stop))
{
}

ProcessGroup::ProcessGroup(const Rank& rank, std::unique_ptr<Connection> connection)
    : rank_(rank)
    , connection_(std::move(connection))
{
}

ProcessGroup::~ProcessGroup()
{
    if (!connection_)
        return;
    connection_->on_stop.reset();
    connection_->data.reset();
    connection_->messages.reset();
}

std::unique_ptr<ProcessGroup> ProcessGroup::join(const Rank& rank, std::stop_token stop)
{
    if (rank.ranks == 1)
        return std::make_unique<ProcessGroup>(std::move(stop));
    auto connection = std::make_unique<Connection>();
    auto meeting = meet(rank, stop);
    if (!meeting)
        return nullptr;
    connection->lifeline = std::move(meeting->lifeline);
    connection->messages = std::move(meeting->messages);
    auto* lifeline = connection->lifeline.get();
    if (rank.rank == 0) {
        lifeline->on_stop([source = connection->stop]() mutable { source.request_stop(); });
        connection->on_stop.emplace(stop, [source = connection->stop]() mutable { source.request_stop(); });
    } else {
        connection->on_stop.emplace(stop, [lifeline] { lifeline->ask_to_stop(); });
    }
    return std::unique_ptr<ProcessGroup>(new ProcessGroup(rank, std::move(connection)));
}

void ProcessGroup::use(at::Device device)
{
    if (connection_ && device.is_cuda() && !connection_->data)
        connection_->data = connection_->messages->on(device);
}

std::unique_ptr<ProcessGroup::Pending> ProcessGroup::start_sum(at::Tensor& tensor)
{
    struct Sum : Pending {
        Sum(Connection* c, std::unique_ptr<Collectives::Work> w)
            : connection(c)
            , work(std::move(w))
        {
        }
        void wait() override
        {
            if (connection)
                connection->together([this] { work->wait(); });
        }
        Connection* connection;
        std::unique_ptr<Collectives::Work> work;
    };
    if (!connection_)
        return std::make_unique<Sum>(nullptr, nullptr);
    auto& way = tensor.is_cuda() && connection_->data ? *connection_->data : *connection_->messages;
    return connection_->together([&] { return std::make_unique<Sum>(connection_.get(), way.sum(tensor)); });
}

void ProcessGroup::sum(at::Tensor& tensor)
{
    start_sum(tensor)->wait();
}

at::Tensor ProcessGroup::gather(const at::Tensor& rows)
{
    if (is_alone())
        return rows;
    auto counts = at::zeros({ size() }, at::kLong);
    counts[rank()] = rows.size(0);
    sum(counts);
    const auto first = counts.slice(0, 0, rank()).sum().item<std::int64_t>();
    const auto sum_up = std::make_shared<GatherRows::Sum>([this](at::Tensor& tensor) { sum(tensor); });
    return GatherRows::apply(rows, first, counts.sum().item<std::int64_t>(), sum_up);
}

std::vector<std::string> ProcessGroup::gather(const std::string& text)
{
    if (is_alone())
        return { text };
    const auto sizes = gather(at::full({ 1 }, std::int64_t(text.size()), at::kLong));
    auto padded = text;
    padded.resize(std::size_t(sizes.max().item<std::int64_t>()));
    const auto all = gather(bytes_of(padded).unsqueeze(0));
    std::vector<std::string> texts;
    for (std::int64_t i = 0; i < size(); ++i)
        texts.push_back(text_of(all[i]).substr(0, std::size_t(sizes[i].item<std::int64_t>())));
    return texts;
}

std::string ProcessGroup::broadcast(const std::string& text)
{
    if (is_alone())
        return text;
    return connection_->together([&] {
        auto size = at::full({ 1 }, std::int64_t(text.size()), at::kLong);
        connection_->messages->broadcast(size);
        auto bytes = leads() ? bytes_of(text) : at::empty({ size.item<std::int64_t>() }, at::kByte);
        if (bytes.numel() > 0)
            connection_->messages->broadcast(bytes);
        return text_of(bytes);
    });
}

TensorMap ProcessGroup::broadcast(const TensorMap& tensors)
{
    if (is_alone())
        return tensors;
    auto table = json::array();
    for (const auto& [name, tensor] : tensors)
        table.push_back({ name, int(tensor.scalar_type()), tensor.sizes().vec() });
    table = json::parse(broadcast(table.dump()));
    TensorMap result;
    for (const auto& entry : table) {
        const std::string name = entry[0];
        const auto type = at::ScalarType(entry[1].get<int>());
        auto tensor = leads() ? tensors.at(name).detach().to(at::kCPU).contiguous()
                              : at::empty(entry[2].get<std::vector<std::int64_t>>(), type);
        // As bytes, since Gloo does not know every type.
        auto bytes = at::from_blob(tensor.data_ptr(), { std::int64_t(tensor.nbytes()) }, at::kByte);
        if (bytes.numel() > 0)
            connection_->together([&] { connection_->messages->broadcast(bytes); });
        result[name] = tensor;
    }
    return leads() ? tensors : result;
}

std::stop_token ProcessGroup::stop_token() const
{
    return connection_ ? connection_->stop.get_token() : stop_;
}

void ProcessGroup::on_stuck(std::function<void(const std::string&)> act)
{
    if (connection_)
        connection_->lifeline->on_stuck(std::move(act));
}

void ProcessGroup::leave()
{
    if (connection_)
        connection_->lifeline->say_goodbye();
}

void ProcessGroup::fail(const std::string& reason)
{
    if (connection_)
        connection_->lifeline->say_failure(reason);
}

} // namespace reverie
