// SPDX-License-Identifier: MIT
#include "core/io/pickle_reader.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <unordered_map>

namespace reverie {

namespace {

using Id = Pickle::Id;
using Kind = Pickle::Kind;
using Node = Pickle::Node;

constexpr std::size_t most_bytes = 64 << 20;
constexpr std::size_t most_nodes = 2'000'000; ///< also of the stack, the memo and the items of all nodes
constexpr std::size_t longest_number = 1024; ///< bytes of an integer

/// Decimal digits of a little-endian two's complement number.
std::string decimal(std::string_view bytes)
{
    const bool negative = (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
    std::vector<unsigned> magnitude;
    unsigned carry = negative ? 1 : 0;
    for (const char byte : bytes) {
        const unsigned digit = (static_cast<unsigned char>(byte) ^ (negative ? 0xffU : 0U)) + carry;
        magnitude.push_back(digit & 0xffU);
        carry = digit >> 8U;
    }
    std::string digits;
    while (!magnitude.empty()) {
        unsigned rest = 0;
        for (std::size_t i = magnitude.size(); i-- > 0;) {
            rest = rest << 8U | magnitude[i];
            magnitude[i] = rest / 10;
            rest %= 10;
        }
        digits += static_cast<char>('0' + rest);
        while (!magnitude.empty() && magnitude.back() == 0)
            magnitude.pop_back();
    }
    if (negative)
        digits += '-';
    return { digits.rbegin(), digits.rend() };
}

int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
        : c >= 'a' && c <= 'f'  ? c - 'a' + 10
        : c >= 'A' && c <= 'F'  ? c - 'A' + 10
                                : -1;
}

/// The machine. Its stack holds ids of nodes.
class Machine
{
public:
    Machine(std::string_view bytes, const std::string& name)
        : all_(bytes.substr(0, most_bytes))
        , too_long_(bytes.size() > most_bytes)
        , name_(name)
    {
        pickle_.nodes.emplace_back(); // None
    }

    Pickle run()
    {
        while (step(static_cast<unsigned char>(take(1)[0]))) { }
        pickle_.root = pop();
        pickle_.bytes = at_;
        return std::move(pickle_);
    }

private:
    [[noreturn]] void fail(const std::string& what) const
    {
        throw Error(name_ + " holds a pickle that " + what + "; it is damaged or was made to deceive.");
    }

    // Reading

    std::string_view take(std::uint64_t count)
    {
        if (count > all_.size() - at_)
            fail(too_long_ ? "is longer than any of weights" : "ends early");
        at_ += count;
        return all_.substr(at_ - count, count);
    }

    std::uint64_t take_number(int bytes)
    {
        std::uint64_t value = 0;
        const auto digits = take(static_cast<std::uint64_t>(bytes));
        for (int i = bytes; i-- > 0;)
            value = value << 8U | static_cast<unsigned char>(digits[static_cast<std::size_t>(i)]);
        return value;
    }

    std::string_view take_line()
    {
        const auto end = all_.find('\n', at_);
        if (end == std::string_view::npos)
            fail("ends early");
        auto line = take(end - at_ + 1);
        line.remove_suffix(1);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        return line;
    }

    template <class T>
    T parsed(std::string_view text) const
    {
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            fail("has a number that is none");
        return value;
    }

    // Nodes and the stack

    void count(std::size_t more = 1)
    {
        used_ += more;
        if (used_ > most_nodes * 4)
            fail("has more values than any of weights");
    }

    Id add(Node node)
    {
        if (pickle_.nodes.size() >= most_nodes)
            fail("has more values than any of weights");
        pickle_.nodes.push_back(std::move(node));
        return static_cast<Id>(pickle_.nodes.size() - 1);
    }

    Node& node(Id id) { return pickle_.nodes[id]; }

    void push(Id id)
    {
        count();
        stack_.push_back(id);
    }
    void push(Node node) { push(add(std::move(node))); }
    void push(Kind kind) { push(Node{ .kind = kind }); }
    void push(Kind kind, std::string_view text) { push(Node{ .kind = kind, .text = text }); }
    void push_integer(Kind kind, std::int64_t value) { push(Node{ .kind = kind, .integer = value }); }

    std::string_view keep(std::string text)
    {
        kept_ += text.size();
        if (kept_ > most_bytes)
            fail("says more than any of weights");
        return pickle_.decoded.emplace_back(std::move(text));
    }

    [[nodiscard]] std::size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }

    Id top() const
    {
        if (stack_.size() <= bottom())
            fail("takes from an empty stack");
        return stack_.back();
    }

    Id pop()
    {
        const Id id = top();
        stack_.pop_back();
        return id;
    }

    std::vector<Id> pop_many(std::size_t count)
    {
        if (stack_.size() - bottom() < count)
            fail("takes from an empty stack");
        std::vector<Id> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
        stack_.resize(stack_.size() - count);
        return items;
    }

    std::vector<Id> pop_to_mark()
    {
        if (marks_.empty())
            fail("takes to a mark it never set");
        auto items = pop_many(stack_.size() - marks_.back());
        marks_.pop_back();
        return items;
    }

    void push_list(Kind kind, std::vector<Id> items)
    {
        if (kind == Kind::Dict && items.size() % 2 != 0)
            fail("has a key without a value");
        push(Node{ .kind = kind, .items = std::move(items) });
    }

    /// The list inside what `id` is: itself, or what an object is filled with.
    std::vector<Id>& inside(Id id, Kind kind, Pickle::ObjectItem item)
    {
        if (node(id).kind == Kind::Object) {
            if (node(id).items[item] == Pickle::none) {
                const Id made = add(Node{ .kind = kind });
                node(id).items[item] = made;
            }
            return node(node(id).items[item]).items;
        }
        if (node(id).kind != kind)
            fail("fills what can't be filled");
        return node(id).items;
    }

    void append(const std::vector<Id>& items)
    {
        auto& to = inside(top(), node(top()).kind == Kind::Set ? Kind::Set : Kind::List, Pickle::ListItems);
        to.insert(to.end(), items.begin(), items.end());
    }

    void set_items(const std::vector<Id>& items)
    {
        if (items.size() % 2 != 0)
            fail("has a key without a value");
        auto& to = inside(top(), Kind::Dict, Pickle::DictItems);
        to.insert(to.end(), items.begin(), items.end());
    }

    void push_object(Id callable, Id arguments)
    {
        push(Node{ .kind = Kind::Object,
                   .items = { callable, arguments, Pickle::none, Pickle::none, Pickle::none } });
    }

    void push_class(std::string_view module, std::string_view name)
    {
        push(Kind::Class, keep(std::string(module) + "." + std::string(name)));
    }

    void memorise(std::uint64_t index)
    {
        if (index > UINT32_MAX)
            fail("keeps more than any of weights");
        count();
        memo_[static_cast<std::uint32_t>(index)] = top();
    }

    void recall(std::uint64_t index)
    {
        const auto found = index > UINT32_MAX ? memo_.end() : memo_.find(static_cast<std::uint32_t>(index));
        if (found == memo_.end())
            fail("recalls what it never kept");
        push(found->second);
    }

    // Values

    void push_long(std::string_view bytes)
    {
        if (bytes.size() > longest_number)
            fail("has a number of " + std::to_string(bytes.size()) + " bytes");
        if (bytes.size() > 8)
            return push(Kind::BigInt, keep(decimal(bytes)));
        std::uint64_t value = 0;
        for (std::size_t i = bytes.size(); i-- > 0;)
            value = value << 8U | static_cast<unsigned char>(bytes[i]);
        const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
        if (negative && bytes.size() < 8)
            value |= ~std::uint64_t{ 0 } << (8 * bytes.size());
        push_integer(Kind::Int, static_cast<std::int64_t>(value));
    }

    void push_decimal(std::string_view text)
    {
        if (text.ends_with('L'))
            text.remove_suffix(1);
        const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
        constexpr std::size_t always_fit = 18;
        if (digits.size() <= always_fit)
            return push_integer(Kind::Int, parsed<std::int64_t>(text));
        if (digits.size() > longest_number
            || digits.find_first_not_of("0123456789") != std::string_view::npos)
            fail("has a number that is none");
        push(Kind::BigInt, text);
    }

    /// Protocol 0: 'text' with Python's escapes.
    std::string unescaped(std::string_view text) const
    {
        if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"'))
            fail("has a text without quotes");
        text = text.substr(1, text.size() - 2);
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\' || i + 1 == text.size()) {
                out += text[i];
                continue;
            }
            const char c = text[++i];
            const bool hex = c == 'x' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0
                && hex_digit(text[i + 2]) >= 0;
            if (hex) {
                out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
                i += 2;
            } else {
                out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
        }
        return out;
    }

    /// Protocol 0: Latin-1 with \uXXXX and \UXXXXXXXX.
    static std::string from_raw_unicode_escape(std::string_view text)
    {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool escape = text[i] == '\\' && i + 1 < text.size();
            const std::size_t digits = !escape ? 0 : text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
            char32_t code = static_cast<unsigned char>(text[i]);
            if (digits > 0 && i + 1 + digits < text.size()) {
                char32_t value = 0;
                bool right = true;
                for (std::size_t k = 0; k < digits; ++k) {
                    const int digit = hex_digit(text[i + 2 + k]);
                    right = right && digit >= 0;
                    value = value << 4U | static_cast<char32_t>(digit & 0xf);
                }
                if (right) {
                    code = value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? U'\uFFFD' : value;
                    i += 1 + digits;
                }
            }
            append_utf8(out, code);
        }
        return out;
    }

    // Opcodes, in groups; each returns false for one that is not of its group.

    bool step(unsigned char opcode)
    {
        constexpr unsigned char stop = '.';
        if (opcode == stop)
            return false;
        if (!(push_simple(opcode) || push_text(opcode) || push_container(opcode) || fill(opcode)
              || construct(opcode) || move(opcode)))
            fail("has the unknown instruction " + std::to_string(opcode));
        return true;
    }

    bool push_simple(unsigned char opcode)
    {
        switch (opcode) {
        case 'N':
            return push(Pickle::none), true;
        case 0x88: // NEWTRUE
        case 0x89: // NEWFALSE
            return push_integer(Kind::Bool, opcode == 0x88), true;
        case 'I': {
            const auto line = take_line();
            if (line == "00" || line == "01")
                return push_integer(Kind::Bool, line == "01"), true;
            return push_decimal(line), true;
        }
        case 'L':
            return push_decimal(take_line()), true;
        case 'J':
            return push_integer(Kind::Int, static_cast<std::int32_t>(take_number(4))), true;
        case 'K':
            return push_integer(Kind::Int, static_cast<std::int64_t>(take_number(1))), true;
        case 'M':
            return push_integer(Kind::Int, static_cast<std::int64_t>(take_number(2))), true;
        case 0x8a: // LONG1
            return push_long(take(take_number(1))), true;
        case 0x8b: // LONG4
            return push_long(take(take_number(4))), true;
        case 'F':
            return push(Node{ .kind = Kind::Float, .real = parsed<double>(take_line()) }), true;
        case 'G': {
            const auto big_endian = take(8);
            std::uint64_t bits = 0;
            for (const char byte : big_endian)
                bits = bits << 8U | static_cast<unsigned char>(byte);
            return push(Node{ .kind = Kind::Float, .real = std::bit_cast<double>(bits) }), true;
        }
        default:
            return false;
        }
    }

    bool push_text(unsigned char opcode)
    {
        switch (opcode) {
        case 'S':
            return push(Kind::Text, keep(unescaped(take_line()))), true;
        case 'V':
            return push(Kind::Text, keep(from_raw_unicode_escape(take_line()))), true;
        case 'U': // SHORT_BINSTRING
        case 0x8c: // SHORT_BINUNICODE
            return push(Kind::Text, take(take_number(1))), true;
        case 'T': // BINSTRING
        case 'X': // BINUNICODE
            return push(Kind::Text, take(take_number(4))), true;
        case 0x8d: // BINUNICODE8
            return push(Kind::Text, take(take_number(8))), true;
        case 'C': // SHORT_BINBYTES
            return push(Kind::Bytes, take(take_number(1))), true;
        case 'B': // BINBYTES
            return push(Kind::Bytes, take(take_number(4))), true;
        case 0x8e: // BINBYTES8
        case 0x96: // BYTEARRAY8
            return push(Kind::Bytes, take(take_number(8))), true;
        default:
            return false;
        }
    }

    bool push_container(unsigned char opcode)
    {
        switch (opcode) {
        case ']':
            return push(Kind::List), true;
        case ')':
            return push(Kind::Tuple), true;
        case '}':
            return push(Kind::Dict), true;
        case 0x8f: // EMPTY_SET
            return push(Kind::Set), true;
        case 'l':
            return push_list(Kind::List, pop_to_mark()), true;
        case 't':
            return push_list(Kind::Tuple, pop_to_mark()), true;
        case 'd':
            return push_list(Kind::Dict, pop_to_mark()), true;
        case 0x91: // FROZENSET
            return push_list(Kind::Set, pop_to_mark()), true;
        case 0x85: // TUPLE1
        case 0x86:
        case 0x87:
            return push_list(Kind::Tuple, pop_many(opcode - 0x84U)), true;
        default:
            return false;
        }
    }

    bool fill(unsigned char opcode)
    {
        switch (opcode) {
        case 'a':
            return append(pop_many(1)), true;
        case 'e': // APPENDS
        case 0x90: // ADDITEMS
            return append(pop_to_mark()), true;
        case 's':
            return set_items(pop_many(2)), true;
        case 'u':
            return set_items(pop_to_mark()), true;
        case 'b': {
            const Id state = pop();
            if (node(top()).kind != Kind::Object)
                fail("gives a state to what has none");
            node(top()).items[Pickle::State] = state;
            return true;
        }
        default:
            return false;
        }
    }

    bool construct(unsigned char opcode)
    {
        switch (opcode) {
        case 'c': {
            const auto module = take_line();
            return push_class(module, take_line()), true;
        }
        case 0x93: { // STACK_GLOBAL
            const auto names = pop_many(2);
            if (node(names[0]).kind != Kind::Text || node(names[1]).kind != Kind::Text)
                fail("names a class by what is no text");
            return push_class(node(names[0]).text, node(names[1]).text), true;
        }
        case 'R': // REDUCE
        case 0x81: { // NEWOBJ
            const auto call = pop_many(2);
            return push_object(call[0], call[1]), true;
        }
        case 0x92: { // NEWOBJ_EX: class, arguments, keyword arguments
            const auto call = pop_many(3);
            return push_object(call[0], call[1]), true;
        }
        case 'i':
        case 'o': { // INST, OBJ: to a mark; OBJ has the class among the items
            if (opcode == 'i') {
                const auto module = take_line();
                const auto name = take_line();
                const Id arguments = add(Node{ .kind = Kind::Tuple, .items = pop_to_mark() });
                push_class(module, name);
                return push_object(pop(), arguments), true;
            }
            auto items = pop_to_mark();
            if (items.empty())
                fail("constructs nothing");
            const Id callable = items.front();
            items.erase(items.begin());
            return push_object(callable, add(Node{ .kind = Kind::Tuple, .items = std::move(items) })), true;
        }
        case 0x82: // EXT1, EXT2, EXT4: a class by a number that only its writer knows
        case 0x83:
        case 0x84: {
            const int bytes = opcode == 0x82 ? 1 : opcode == 0x83 ? 2 : 4;
            return push_class("copyreg.extension", std::to_string(take_number(bytes))), true;
        }
        case 'P':
            push(Kind::Text, take_line());
            return push_list(Kind::Persistent, pop_many(1)), true;
        case 'Q':
            return push_list(Kind::Persistent, pop_many(1)), true;
        default:
            return false;
        }
    }

    bool move(unsigned char opcode)
    {
        switch (opcode) {
        case '(':
            count();
            return marks_.push_back(stack_.size()), true;
        case '0':
            if (stack_.size() == bottom() && !marks_.empty())
                return marks_.pop_back(), true;
            return pop(), true;
        case '1':
            return pop_to_mark(), true;
        case '2':
            return push(top()), true;
        case 'g':
            return recall(parsed<std::uint64_t>(take_line())), true;
        case 'h':
            return recall(take_number(1)), true;
        case 'j':
            return recall(take_number(4)), true;
        case 'p':
            return memorise(parsed<std::uint64_t>(take_line())), true;
        case 'q':
            return memorise(take_number(1)), true;
        case 'r':
            return memorise(take_number(4)), true;
        case 0x94: // MEMOIZE
            return memorise(memo_.size()), true;
        case 0x80: // PROTO
            if (take_number(1) > 5)
                fail("is of a protocol after 5");
            return true;
        case 0x95: // FRAME: how far to read ahead
            return take_number(8), true;
        default:
            return false;
        }
    }

    Pickle pickle_;
    std::string_view all_;
    bool too_long_;
    const std::string& name_;
    std::size_t at_ = 0, used_ = 0, kept_ = 0;
    std::vector<Id> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint32_t, Id> memo_;
};

} // namespace

std::string_view Pickle::class_of(Id id) const
{
    // A chain of calls of what calls gave ends at the name that began it.
    constexpr int longest_chain = 32;
    for (int i = 0; i < longest_chain && at(id).kind == Kind::Object; ++i)
        id = at(id).items[Callable];
    return at(id).kind == Kind::Class ? at(id).text : std::string_view();
}

Pickle read_pickle(std::string_view bytes, const std::string& name)
{
    return Machine(bytes, name).run();
}

} // namespace reverie
