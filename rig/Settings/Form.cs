using System.Globalization;
using System.Numerics;

namespace Lab.Settings;

/// <summary>A kind of value: from text, and back to a text that means the same.</summary>
/// <param name="Parse">Option, for the complaint, and text; refuses by <see cref="UsageException"/>.</param>
/// <param name="Print">Inverse of it.</param>
public sealed record Form<T>(Func<string, string, T> Parse, Func<T, string> Print)
{
    /// <summary>The values there are, in words; empty where an example says it.</summary>
    public string Takes { get; init; } = "";

    /// <summary>Values, or items of a list, that can be named, looked up when asked for; none where there are too many.</summary>
    public Func<IReadOnlyList<string>> Words { get; init; } = () => [];

    /// <summary>Values that a test of the inverse should not miss: ends of ranges, words.</summary>
    public IReadOnlyList<T> Corners { get; init; } = [];

    public bool IsFlag { get; init; }

    /// <summary>Takes several <see cref="Words"/>, joined by commas.</summary>
    public bool IsList { get; init; }

    /// <summary>What several texts together mean; null if there can be one only.</summary>
    public Func<string, IReadOnlyList<string>, T>? ParseAll { get; init; }

    /// <summary>Several values may follow the option where it is given once.</summary>
    public bool TakesMany { get; init; }

    public bool Repeats => ParseAll is not null;

    /// <summary>The form with a word for one more value, or for a value that has a better name than its number.</summary>
    public Form<T> Or(string word, T value) => new(
        (option, text) => text == word ? value : Parse(option, text),
        other => EqualityComparer<T>.Default.Equals(other, value) ? word : Print(other))
    {
        Takes = Takes.Length == 0 ? $"{word}, or a value" : $"{word}, or {Takes}",
        Words = word.Length == 0 ? Words : () => [.. Words(), word],
        Corners = [value, .. Corners],
    };
}

/// <summary>The kinds of values that there are.</summary>
public static class Form
{
    public static Form<string> Text { get; } = new((_, text) => text, text => text) { Corners = ["", "x"] };

    /// <summary>The name of one of several things.</summary>
    public static Form<string> NameOf(Func<IEnumerable<string>> all) => Text with { Words = () => [.. all()] };

    /// <summary>Names of things or words for several of them, joined by commas.</summary>
    public static Form<string> NamesOf(Func<IEnumerable<string>> all, params string[] words) =>
        Text with { Words = () => [.. all(), .. words], IsList = true };

    /// <summary>There or not.</summary>
    public static Form<bool> Flag { get; } = OnOff with { IsFlag = true, Takes = "", Words = () => [] };

    public static Form<bool> OnOff => Words(("on", true), ("off", false));

    public static Form<ulong> Seed { get; } = new(
        (option, text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
            ? seed
            : throw Quantities.Bad(option, text, "a whole number from 0 to 18446744073709551615"),
        seed => seed.ToString(CultureInfo.InvariantCulture)) { Corners = [0, 1, ulong.MaxValue] };

    /// <summary>Any number of texts, each as it is.</summary>
    public static Form<IReadOnlyList<string>> Texts { get; } = new(
        (_, text) => text == "none" || text.Length == 0 ? [] : text.Split(','),
        texts => texts.Count == 0 ? "none" : string.Join(',', texts))
    {
        ParseAll = (_, texts) => [.. texts],
        Corners = [[], ["a"], ["a", "b"]],
    };

    /// <summary>Files, as many as follow the option.</summary>
    public static Form<IReadOnlyList<string>> Paths { get; } = Texts with { TakesMany = true, Takes = "FILE…" };

    public static Form<int> Whole(int min, int max) => new(
        (option, text) => Quantities.Whole(option, text, min, max), number => number.ToString(CultureInfo.InvariantCulture))
    {
        Takes = max == int.MaxValue ? $"{min} or more" : $"{min} to {max}",
        Corners = [min, max],
    };

    /// <summary>Bytes; <paramref name="refusal"/> says what else is expected of them, or null.</summary>
    public static Form<long> Bytes(Func<long, string?>? refusal = null) => new(
        (option, text) => Quantities.Bytes(option, text) is var bytes && refusal?.Invoke(bytes) is { } expected
            ? throw Quantities.Bad(option, text, expected)
            : bytes,
        Quantities.DescribeBytes);

    public static Form<long> PowerOfTwo(long min, long max)
    {
        string expected = $"a power of two from {Quantities.DescribeBytes(min)} to {Quantities.DescribeBytes(max)}";
        return Bytes(bytes => bytes >= min && bytes <= max && BitOperations.IsPow2(bytes) ? null : expected) with
            { Takes = expected, Corners = [min, max] };
    }

    public static Form<TimeSpan> Duration(TimeSpan min, TimeSpan max) => new(
        (option, text) => Quantities.Duration(option, text, min, max), Quantities.Describe) { Corners = [min, max] };

    /// <summary>Per second.</summary>
    public static Form<double> Rate { get; } =
        new(Quantities.Rate, rate => string.Create(CultureInfo.InvariantCulture, $"{rate}/s"))
    {
        Corners = [0.01, 0.1, 1_000_000],
    };

    /// <summary>A share of one, typed as per cent.</summary>
    public static Form<double> Share(int percentMax) => new(
        (option, text) => Quantities.Share(option, text, percentMax),
        share => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100 * share, 9):0.#########}%"))
        { Corners = [0, 0.001, percentMax / 100.0] };

    /// <summary>One of a few words. Behind a word may stand a remark in parentheses, for the help.</summary>
    public static Form<T> Words<T>(params (string Word, T Value)[] words)
    {
        (string Word, T Value)[] bare = [.. words.Select(one => (one.Word.Split(" (")[0], one.Value))];
        return new Form<T>(
            (option, text) => Names.Choice(option, text, bare),
            value => bare.First(one => EqualityComparer<T>.Default.Equals(one.Value, value)).Word)
        {
            Takes = words.Length < 2 ? "" : $"{string.Join(", ", words[..^1].Select(one => one.Word))} or {words[^1].Word}",
            Words = () => [.. bare.Select(one => one.Word)],
            Corners = [.. bare.Select(one => one.Value)],
        };
    }

    /// <summary>An enumeration whose words are its names in small letters.</summary>
    public static Form<T> Words<T>()
        where T : struct, Enum =>
        Words([.. Enum.GetValues<T>().Select(value => (value.ToString().ToLowerInvariant(), value))]);

    /// <summary>The form with a word for none at all.</summary>
    public static Form<T?> OrNone<T>(this Form<T> form, string word)
        where T : struct =>
        new Form<T?>((option, text) => form.Parse(option, text), value => form.Print(value!.Value))
            { Takes = form.Takes, Words = form.Words, Corners = [.. form.Corners] }
            .Or(word, null);
}
