using System.Globalization;

namespace Lab.Results.Tracking;

/// <summary>Cells that the tracked files share. Numbers and times come back as they were written, times to the
/// millisecond.</summary>
internal static class TrackedCells
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    internal static string Format(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    internal static string Format(double? quantile) => quantile is { } p ? Format(p) : "";

    internal static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <returns>Null, or what was expected.</returns>
    internal static string? ReadValue(string cell, out double value) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && IsValue(value) ? null
            : $"'{Domain.Shorten(cell)}' is not 0 or a number {Domain.Words(ValueMin, Domain.NumberMax)}, "
                + "which column 'value' needs";

    /// <summary>A latency, a rate, a count: none is below 0, and neither so small nor so large that nothing could have measured
    /// it.</summary>
    internal static bool IsValue(double value) => value is 0 or (>= ValueMin and <= Domain.NumberMax);

    private const double ValueMin = 1e-9;

    /// <summary>Not now: a history may be older than the clock it is read by, or made up to try the detector.</summary>
    private const int YearMax = 2200;

    /// <summary>The first of some cells that is no name.</summary>
    internal static string? ReadNames(string[] header, string[] cells, params ReadOnlySpan<int> columns)
    {
        foreach (int column in columns)
        {
            if (!Domain.IsName(cells[column])) return
                $"'{Domain.Shorten(cells[column])}' is not a name, which column '{header[column]}' needs";
        }
        return null;
    }

    internal static string? ReadQuantile(string cell, out double? quantile)
    {
        quantile = null;
        if (cell.Length == 0) return null;
        if (!double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double p) || p is not (>= 0 and <= 1))
        {
            return $"'{Domain.Shorten(cell)}' is not a number from 0 to 1 or nothing, which column 'quantile' needs";
        }
        quantile = p;
        return null;
    }

    internal static string? ReadTime(string cell, out DateTimeOffset time)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParseExact(cell, TimeFormat, CultureInfo.InvariantCulture, utc, out time))
        {
            return $"'{Domain.Shorten(cell)}' is not a time like 2026-11-21T12:00:00.000Z, which column 'time_utc' needs";
        }
        return time >= Domain.EarliestTime && time.Year < YearMax ? null
            : $"'{cell}' is not a time from 1970 to {YearMax}, which column 'time_utc' needs";
    }

    internal static string? ReadMetric(string cell) => Domain.IsMetric(cell) ? null
        : $"'{Domain.Shorten(cell)}' is not {Domain.MetricWords}, which column 'metric' needs";

    internal static string? ReadUnit(string cell) => Units.IsKnown(cell) ? null
        : $"'{Domain.Shorten(cell)}' is not {Units.Words}, which column 'unit' needs";

    internal static string? ReadPoint(string cell) => IsPoint(cell) ? null
        : $"'{Domain.Shorten(cell)}' is not {PointWords}, which column 'commit' needs";

    internal const string PointWords = "a commit's hash, or a version such as 6.18.5-amd64";

    /// <summary>A commit's hash, -dirty or not; a kernel's version; the name that somebody gave the point: what has the length of
    /// a hash and only letters and digits, is one.</summary>
    internal static bool IsPoint(string text)
    {
        const int hash = 40, longest = 120;
        return text.Length is > 0 and <= longest && char.IsAsciiLetterOrDigit(text[0])
            && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "._-+~/:@^".Contains(letter, StringComparison.Ordinal))
            && (text.Length < hash || !text.All(char.IsAsciiLetterOrDigit) || text.All(char.IsAsciiHexDigit));
    }
}
