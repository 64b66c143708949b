using System.Globalization;

namespace Lab.Plots;

/// <summary>Numbers as a reader wants them: three digits that matter and a unit that fits.</summary>
public static class Quantity
{
    private const string Nothing = "–";
    private const int Significant = 3;

    /// <summary>Nanoseconds (<c>ns</c>) and seconds (<c>s</c>) become ns, µs, ms or s; rates (<c>1/s</c>) get k, M or G; bytes
    /// become KiB, MiB or GiB; what is counted in whole pieces keeps every digit below a million.</summary>
    public static string Format(double value, string unit) => Format(value, unit, Digits, Significant);

    /// <summary>As <see cref="Format(double, string)"/>, without zeros that say nothing: for a round number on an axis.</summary>
    /// <param name="step">To the next number: as many digits are written as tell the two apart. 0 where they differ
    /// widely.</param>
    public static string Tick(double value, string unit, double step = 0)
    {
        int digits = step > 0 && value != 0
            ? (int)Math.Floor(Math.Log10(Math.Abs(value)) + 1e-9) - (int)Math.Floor(Math.Log10(step) + 1e-9) + 1 : Significant;
        return Format(value, unit, (number, _) => number.ToString("0.##########", CultureInfo.InvariantCulture),
            Math.Clamp(digits, Significant, 10));
    }

    /// <summary>Every digit of a count, in groups of three, as the terminal writes it.</summary>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Format(double value, string unit, Func<decimal, int, string> write, int digits)
    {
        if (!double.IsFinite(value)) return Nothing;
        if (value == 0) return "0";
        return unit switch
        {
            "ns" => Scaled(value, [" ns", " µs", " ms", " s"], write, digits),
            "s" => Scaled(value * 1e9, [" ns", " µs", " ms", " s"], write, digits),
            "1/s" => Scaled(value, ["", " k", " M", " G"], write, digits) + "/s",
            "bytes" => Scaled(value, [" B", " KiB", " MiB", " GiB", " TiB"], write, digits, step: 1024),
            "" or "1" or "count" => Pieces(value, write, digits),
            _ => $"{Pieces(value, write, digits)} {unit}",
        };
    }

    private static string Pieces(double value, Func<decimal, int, string> write, int digits) => Math.Abs(value) switch
    {
        >= 1e6 => Scaled(value, ["", " k", " M", " G"], write, digits),
        >= 100 => Count((long)Math.Round(value)),
        _ when value == Math.Round(value) => Count((long)value),
        _ => Scaled(value, ["", " k", " M", " G"], write, digits),
    };

    /// <param name="units">From the value's own, each <paramref name="step"/> times the one before.</param>
    /// <param name="digits">That matter.</param>
    private static string Scaled(
        double value, ReadOnlySpan<string> units, Func<decimal, int, string> write, int digits, double step = 1000)
    {
        if (value == 0 || Math.Abs(value) < 1e-9) return "0";
        // Rounded before the unit is chosen: 999.9 ns is 1 µs, not 1000 ns. Above 10^24 there is nothing to be told apart.
        double bounded = Math.Clamp(value, -1e24, 1e24);
        double lastDigit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(bounded))) - (digits - 1));
        double rounded = Math.Round(bounded / lastDigit) * lastDigit;
        int index = 0;
        for (; index < units.Length - 1 && Math.Abs(rounded) >= step - 0.1; index++) rounded /= step;
        int decimals = Math.Max(0, digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(rounded)) + 1e-9));
        return write((decimal)rounded, decimals) + units[index];
    }

    private static string Digits(decimal number, int decimals) =>
        number.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
