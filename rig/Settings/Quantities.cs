using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Settings;

/// <summary>Sizes, durations and rates as people type them.</summary>
public static partial class Quantities
{
    /// <summary>Bytes: a whole number with B, KiB, MiB, GiB or TiB, or none for bytes.</summary>
    /// <exception cref="UsageException">Not a size above zero.</exception>
    public static long Bytes(string option, string text)
    {
        (decimal number, string unit) = Split(option, text, "a size such as 256MiB");
        int shift = unit.ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KIB" => 10,
            "M" or "MIB" => 20,
            "G" or "GIB" => 30,
            "T" or "TIB" => 40,
            _ => throw Bad(option, text, "a size such as 256MiB; the units are B, KiB, MiB, GiB and TiB"),
        };
        decimal bytes = number * (1L << shift);
        if (bytes <= 0 || bytes >= 1L << 60 || bytes != decimal.Truncate(bytes))
        {
            throw Bad(option, text, "a whole number of bytes above zero");
        }
        return (long)bytes;
    }

    /// <summary>A duration with ns, us, ms, s, m or h; a bare number is seconds.</summary>
    /// <exception cref="UsageException">Not a duration between the limits.</exception>
    public static TimeSpan Duration(string option, string text, TimeSpan min, TimeSpan max)
    {
        long nanoseconds = Nanoseconds(option, text);
        TimeSpan duration = TimeSpan.FromTicks(nanoseconds / 100);
        if (duration < min || duration > max) throw Bad(option, text, $"a duration from {Describe(min)} to {Describe(max)}");
        return duration;
    }

    public static long Nanoseconds(string option, string text)
    {
        (decimal number, string unit) = Split(option, text, "a duration such as 5s or 200us");
        decimal scale = unit switch
        {
            "ns" => 1m,
            "us" or "µs" => 1e3m,
            "ms" => 1e6m,
            "" or "s" => 1e9m,
            "m" or "min" => 60e9m,
            "h" => 3600e9m,
            _ => throw Bad(option, text, "a duration such as 5s or 200us; the units are ns, us, ms, s, m and h"),
        };
        decimal value = number * scale;
        if (value > 1e18m) throw Bad(option, text, "a duration below thirty years");
        return (long)value;
    }

    /// <summary>A rate per second, as 200/s or 200.</summary>
    public static double Rate(string option, string text)
    {
        string number = text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text;
        bool good = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate);
        if (!good || rate is not (>= 0.01 and <= 1_000_000)) throw Bad(option, text,
            "a rate from 0.01/s to 1000000/s, such as 200/s");
        return rate;
    }

    /// <summary>A share of one from per cent, with or without the sign: 2, 2% or 2 %.</summary>
    public static double Share(string option, string text, int percentMax)
    {
        bool good = double.TryParse(text.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double percent);
        return good && percent >= 0 && percent <= percentMax ? percent / 100
            : throw Bad(option, text, $"a share from 0% to {percentMax}%, such as 2%");
    }

    public static int Whole(string option, string text, int min, int max)
    {
        NumberStyles style = min < 0 ? NumberStyles.AllowLeadingSign : NumberStyles.None;
        bool good = int.TryParse(text, style, CultureInfo.InvariantCulture, out int number);
        if (!good || number < min || number > max) throw Bad(option, text, $"a whole number from {min} to {max}");
        return number;
    }

    /// <summary>As <see cref="Duration"/> reads it, to the tick.</summary>
    public static string Describe(TimeSpan duration) =>
        duration.TotalSeconds >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / (decimal)TimeSpan.TicksPerSecond:0.#######}s")
            : string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / (decimal)TimeSpan.TicksPerMillisecond:0.####}ms");

    /// <summary>Time still to go, as <c>mm:ss</c> or, from an hour on, <c>h:mm:ss</c>; days are told in hours.</summary>
    public static string DescribeLeft(TimeSpan left) =>
        left.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)left.TotalHours}:{left:mm\\:ss}")
            : left.ToString("mm\\:ss", CultureInfo.InvariantCulture);

    /// <summary>As <see cref="Bytes"/> reads them, in the largest unit that goes without a fraction.</summary>
    public static string DescribeBytes(long bytes)
    {
        foreach ((int shift, string unit) in new[] { (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB") })
        {
            if (bytes >= 1L << shift && bytes % (1L << shift) == 0) return $"{bytes >> shift}{unit}";
        }
        return $"{bytes}B";
    }

    public static UsageException Bad(string option, string text, string expected) => new($"{option} '{text}' is not {expected}.");

    private static (decimal Number, string Unit) Split(string option, string text, string expected)
    {
        Match match = NumberAndUnit().Match(text);
        if (!match.Success) throw Bad(option, text, expected);
        return (decimal.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value);
    }

    [GeneratedRegex(@"^([0-9]{1,18}(?:\.[0-9]{1,9})?) ?(\p{L}{0,3})$")]
    private static partial Regex NumberAndUnit();
}
