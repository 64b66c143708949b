using System.Globalization;

namespace Lab.Results;

/// <summary>How many of something, in words.</summary>
public static class Plural
{
    /// <summary>"1 run", "2 runs", "1,200 runs".</summary>
    public static string Of(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {Noun(count, noun)}");

    /// <summary>The noun alone, for a number that stands elsewhere.</summary>
    public static string Noun(long count, string noun) => count == 1 ? noun : $"{noun}s";
}
