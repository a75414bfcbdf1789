// SPDX-License-Identifier: MIT
#include "core/run/flat_json.h"

#include <charconv>
#include <limits>

namespace reverie {

namespace {

/// What is left of the text, from the front.
class Scanner
{
public:
    explicit Scanner(std::string_view text)
        : rest_(text)
    {
    }

    bool take(char wanted)
    {
        skip_space();
        if (rest_.empty() || rest_.front() != wanted)
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool at_end()
    {
        skip_space();
        return rest_.empty();
    }

    bool string(std::string_view& text)
    {
        if (!take('"'))
            return false;
        const auto end = rest_.find('"');
        if (end == std::string_view::npos)
            return false;
        text = rest_.substr(0, end);
        if (text.find('\\') != std::string_view::npos)
            return false;
        rest_.remove_prefix(end + 1);
        return true;
    }

    bool value(FlatField& field)
    {
        skip_space();
        if (rest_.empty())
            return false;
        if (rest_.front() == '"') {
            field.is_word = true;
            return string(field.word);
        }
        field.is_word = false;
        field.word = {};
        return literal("true", 1, field.number) || literal("false", 0, field.number)
            || literal("null", std::numeric_limits<double>::quiet_NaN(), field.number)
            || number(field.number);
    }

private:
    void skip_space()
    {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r'))
            rest_.remove_prefix(1);
    }

    bool literal(std::string_view name, double meaning, double& value)
    {
        if (!rest_.starts_with(name))
            return false;
        rest_.remove_prefix(name.size());
        value = meaning;
        return true;
    }

    bool number(double& value)
    {
        if (rest_.front() != '-' && (rest_.front() < '0' || rest_.front() > '9'))
            return false; // from_chars would take "inf"
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc())
            return false;
        rest_.remove_prefix(std::size_t(end - rest_.data()));
        return true;
    }

    std::string_view rest_;
};

} // namespace

bool scan_flat_object(std::string_view text, std::vector<FlatField>& fields)
{
    fields.clear();
    Scanner scanner(text);
    if (!scanner.take('{'))
        return false;
    if (scanner.take('}'))
        return scanner.at_end();
    do {
        auto& field = fields.emplace_back();
        if (!scanner.string(field.name) || !scanner.take(':') || !scanner.value(field))
            return false;
    } while (scanner.take(','));
    return scanner.take('}') && scanner.at_end();
}

} // namespace reverie
