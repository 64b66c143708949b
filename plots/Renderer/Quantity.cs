using System.Globalization;

namespace Lab.Plots;

/// <summary>Numbers as a reader wants them: three digits that matter and a unit that fits.</summary>
public static class Quantity
{
    private const string Nothing = "–";

    /// <summary>Nanoseconds (<c>ns</c>) and seconds (<c>s</c>) become ns, µs, ms or s; rates (<c>1/s</c>) get k, M or G.</summary>
    public static string Format(double value, string unit)
    {
        if (!double.IsFinite(value))
            return Nothing;
        return unit switch
        {
            "ns" => Time(value),
            "s" => Time(value * 1e9),
            "1/s" => Scaled(value) + "/s",
            "" or "1" => Scaled(value),
            _ => $"{Scaled(value)} {unit}",
        };
    }

    /// <summary>Every digit of a count, in groups of three.</summary>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f');

    private static string Time(double ns) => Math.Abs(Rounded(ns)) switch
    {
        0 => "0",
        < 1e3 => Digits(ns) + " ns",
        < 1e6 => Digits(ns / 1e3) + " µs",
        < 1e9 => Digits(ns / 1e6) + " ms",
        _ => Digits(ns / 1e9) + " s",
    };

    private static string Scaled(double value) => Math.Abs(Rounded(value)) switch
    {
        < 1e4 => Digits(value),
        < 1e6 => Digits(value / 1e3) + " k",
        < 1e9 => Digits(value / 1e6) + " M",
        _ => Digits(value / 1e9) + " G",
    };

    /// <summary>Three significant digits, in plain notation, no zeros that say nothing.</summary>
    private static string Digits(double value) => ((decimal)Rounded(value)).ToString("0.############", CultureInfo.InvariantCulture);

    // Rounded before the unit is chosen: 999.9 ns is 1 µs, not 1000 ns.
    private static double Rounded(double value)
    {
        if (value == 0 || Math.Abs(value) is < 1e-9 or > 1e27)
            return Math.Abs(value) > 1e27 ? Math.CopySign(1e27, value) : 0;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 2);
        return Math.Round(value / unit) * unit;
    }
}
