namespace Lab.Results;

/// <summary>What a number or name in a file of results can be at all, whoever wrote it.</summary>
internal static class Domain
{
    /// <summary>No time in ns, count or rate is above: in nanoseconds it is thirty years.</summary>
    internal const double NumberMax = 1e18;

    /// <summary>Samples in a row: so few that any file's sum stays below 2^63.</summary>
    internal const long CountMax = 1_000_000_000_000;

    /// <summary>Milliseconds from the opening of a window: as far as <see cref="NumberMax"/> in ns.</summary>
    internal const double MillisecondsMax = 1e12;

    /// <summary>Both ends; one that is a power of ten, as a power of ten.</summary>
    internal static string Words(double least, double most) => $"from {Number(least)} to {Number(most)}";

    private static string Number(double value)
    {
        double exponent = Math.Log10(Math.Abs(value));
        return Math.Abs(exponent) is >= 6 and < 300 && exponent == Math.Floor(exponent)
            ? $"{(value < 0 ? "-" : "")}10^{exponent:0}"
            : value.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private const int ShownMax = 40;

    /// <summary>Not empty, and on one line.</summary>
    internal static bool IsName(string text) => text.Length > 0 && !text.Any(char.IsControl);

    /// <summary>As much of a cell as a sentence bears, without what moves a terminal's cursor.</summary>
    internal static string Shorten(string text)
    {
        string shown = string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
        return shown.Length <= ShownMax ? shown : shown[..ShownMax] + "…";
    }
}
