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
    internal static string? ReadNumber(string cell, string column, out double value) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value)
            ? null
            : $"'{cell}' is not a number, which column '{column}' needs";

    internal static string? ReadQuantile(string cell, out double? quantile)
    {
        quantile = null;
        if (cell.Length == 0) return null;
        if (ReadNumber(cell, "quantile", out double p) is not null || p is < 0 or > 1)
        {
            return $"'{cell}' is not a number from 0 to 1 or nothing, which column 'quantile' needs";
        }
        quantile = p;
        return null;
    }

    internal static string? ReadTime(string cell, out DateTimeOffset time)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(cell, TimeFormat, CultureInfo.InvariantCulture, utc, out time)
            ? null
            : $"'{cell}' is not a time like 2026-11-21T12:00:00.000Z, which column 'time_utc' needs";
    }
}
