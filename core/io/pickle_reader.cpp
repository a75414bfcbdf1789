// SPDX-License-Identifier: MIT
#include "core/io/pickle_reader.h"

#include "core/io/pickle_stack.h"
#include "core/io/pickle_text.h"

#include <bit>
#include <charconv>

namespace reverie {

namespace {

using Id = Pickle::Id;
using Kind = Pickle::Kind;
using Node = Pickle::Node;

constexpr std::size_t longest_number = 64; ///< bytes of an integer

/// Goes through a pickle's instructions and writes down what they say.
class Machine : private PickleStack
{
public:
    Machine(std::string_view bytes, const std::string& file)
        : PickleStack(file)
        , all_(bytes.substr(0, most_bytes))
        , too_long_(bytes.size() > most_bytes)
    {
    }

    Pickle run()
    {
        while (step(static_cast<unsigned char>(take(1)[0]))) { }
        return take_result(at_);
    }

private:
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

    // Values

    void push_long(std::string_view bytes)
    {
        if (bytes.size() > longest_number)
            fail("has a number of " + std::to_string(bytes.size()) + " bytes");
        if (bytes.size() > 8)
            return push_decoded(Kind::BigInt, decimal(bytes));
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

    void push_quoted(std::string_view line)
    {
        auto text = unescaped(line);
        if (!text)
            fail("has a text without quotes");
        push_decoded(Kind::Text, std::move(*text));
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
            return push_quoted(take_line()), true;
        case 'V':
            return push_decoded(Kind::Text, from_raw_unicode_escape(take_line())), true;
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
            return set_state(state), true;
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
            if (at(names[0]).kind != Kind::Text || at(names[1]).kind != Kind::Text)
                fail("names a class by what is no text");
            return push_class(at(names[0]).text, at(names[1]).text), true;
        }
        case 'R': // REDUCE
        case 0x81: { // NEWOBJ
            const auto call = pop_many(2);
            return push_call(call[0], call[1]), true;
        }
        case 0x92: { // NEWOBJ_EX: class, arguments, keyword arguments
            const auto call = pop_many(3);
            return push_call(call[0], call[1]), true;
        }
        case 'i':
        case 'o': { // INST, OBJ: to a mark; OBJ has the class among the items
            if (opcode == 'i') {
                const auto module = take_line();
                const auto name = take_line();
                const Id arguments = add(Node{ .kind = Kind::Tuple, .items = pop_to_mark() });
                push_class(module, name);
                return push_call(pop(), arguments), true;
            }
            auto items = pop_to_mark();
            if (items.empty())
                fail("constructs nothing");
            const Id callable = items.front();
            items.erase(items.begin());
            return push_call(callable, add(Node{ .kind = Kind::Tuple, .items = std::move(items) })), true;
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
            return mark(), true;
        case '0':
            return pop_or_unmark(), true;
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
            return memorise_next(), true;
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

    std::string_view all_;
    bool too_long_;
    std::size_t at_ = 0;
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
