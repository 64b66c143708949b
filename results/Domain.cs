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

    /// <summary>Above what any kernel can be built for.</summary>
    internal const int CoresMax = 65536;

    /// <summary>Of times: a machine whose clock was never set has this one.</summary>
    internal static DateTimeOffset EarliestTime => DateTimeOffset.UnixEpoch;

    /// <summary>What a time must be that is none of the others.</summary>
    internal const string TimeWords = "a time from 1970 to now";

    /// <summary>The last moment that a file can tell of, with a day to spare for clocks that disagree: now, or when it was
    /// written, where the clock was set back since.</summary>
    internal static DateTimeOffset LatestIn(string path)
    {
        DateTime written = File.GetLastWriteTimeUtc(path), now = DateTime.UtcNow;
        return new DateTimeOffset(written > now ? written : now).AddDays(1);
    }

    /// <summary>What contradicts itself in when something began, ended and how, with the key that shows it; null if nothing
    /// does.</summary>
    internal static (string Key, string Why)? OddTimes(RunState state, DateTimeOffset started, DateTimeOffset? finished) =>
        (state, finished) switch
        {
            (RunState.Running, not null) => ("finished_utc", "'finished_utc' is a time, and 'state' running; expected null"),
            (RunState.Complete, null) => ("finished_utc", "'finished_utc' is null, and 'state' complete; expected a time"),
            (_, { } end) when end < started => ("finished_utc", "'finished_utc' is before 'started_utc'; expected a later time"),
            _ => null,
        };

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

    internal const string CommitWords = "a commit's hash, 7 to 64 hex digits";

    /// <summary>As git writes one, whole or shortened.</summary>
    internal static bool IsCommit(string text) => text.Length is >= 7 and <= 64 && text.All(char.IsAsciiHexDigitLower);

    internal const string MetricWords = "the name of a metric: letters, digits and . _ - /";

    /// <summary>Of a metric or a counter: <c>update.phase.lock_wait</c>, <c>kvm.pages_4k</c>.</summary>
    internal static bool IsMetric(string text) => text.Length > 0 && char.IsAsciiLetter(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '/');

    /// <summary>Not empty, and on one line.</summary>
    internal static bool IsName(string text) => text.Length > 0 && !text.Any(char.IsControl);

    /// <summary>As much of a cell as a sentence bears, without what moves a terminal's cursor.</summary>
    internal static string Shorten(string text)
    {
        string shown = string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
        return shown.Length <= ShownMax ? shown : shown[..ShownMax] + "…";
    }
}
