using System.Globalization;
using Lab.Results.Statistics;
using Lab.Results.Tracking;

namespace Lab.Results.GoBench;

/// <summary>Results of one benchmark in one unit, in the order in which they were measured.</summary>
/// <param name="Name">Without the word Benchmark, with what follows the last dash: <c>Encode/format=json-48</c>.</param>
/// <param name="Unit">As Go's testing package writes it: <c>ns/op</c>.</param>
public sealed record GoBenchmark(string Name, string Unit, IReadOnlyList<double> Values);

/// <summary>What <c>go test -bench</c> prints (Go proposal 14313, golang.org/x/perf/benchfmt): lines
/// <c>BenchmarkName iterations value unit …</c>, lines <c>key: value</c> about the machine, and any other text, which the format
/// says to pass over.</summary>
/// <param name="Damaged">Lines that begin as a benchmark's and go on otherwise.</param>
public sealed record GoBenchmarks(
    IReadOnlyList<GoBenchmark> Benchmarks, IReadOnlyDictionary<string, string> Configuration, IReadOnlyList<DamagedRow> Damaged)
{
    /// <param name="name">Of the file, for messages.</param>
    public static GoBenchmarks Read(TextReader text, string name)
    {
        List<(string Name, string Unit, double Value)> results = [];
        Dictionary<string, string> configuration = [];
        List<DamagedRow> damaged = [];
        long number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            if (IsBenchmark(line))
            {
                if (ReadResult(line, results) is { } why) damaged.Add(new DamagedRow(name, number, why));
            }
            else if (KeyLength(line) is var length and > 0)
            {
                configuration[line[..length]] = line[(length + 1)..].Trim();
            }
        }

        return new GoBenchmarks(
            [.. results.GroupBy(result => (result.Name, result.Unit),
                (key, same) => new GoBenchmark(key.Name, key.Unit, [.. same.Select(one => one.Value)]))],
            configuration, damaged);
    }

    /// <summary>"Benchmark" and then no lower-case letter: prose may begin with "Benchmarks".</summary>
    private static bool IsBenchmark(string line) =>
        line.StartsWith("Benchmark", StringComparison.Ordinal) && line.Length > 9 && !char.IsLower(line[9]);

    private static string? ReadResult(string line, List<(string, string, double)> results)
    {
        string[] fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 4 || fields.Length % 2 != 0)
        {
            return $"{fields.Length} fields; expected a name, iterations, and pairs of value and unit";
        }
        if (!long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long iterations) || iterations == 0)
        {
            return $"'{fields[1]}' is not a number of iterations";
        }
        List<(string, string, double)> read = [];
        for (int at = 2; at < fields.Length; at += 2)
        {
            if (!double.TryParse(fields[at], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                || !double.IsFinite(value))
            {
                return $"'{fields[at]}' is not a number of {fields[at + 1]}";
            }
            read.Add((fields[0][9..], fields[at + 1], value));
        }

        results.AddRange(read);
        return null;
    }

    /// <summary>Length of the key before the colon; a key begins with a lower-case letter and has no space and no upper-case
    /// one.</summary>
    private static int KeyLength(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && char.IsLower(line[0]) && !line.AsSpan(0, colon).ContainsAnyInRange('A', 'Z')
            && !line[..colon].Any(char.IsWhiteSpace) ? colon : 0;
    }
}

/// <summary>One line of a benchstat table: medians, their change, and whether it is one.</summary>
public sealed record GoBenchmarkChange(
    string Name, string Unit, int BaseCount, int NewCount, double BaseMedian, double NewMedian, double P)
{
    private const double Alpha = 0.05;

    /// <summary>Of the median, relative: -0.172 for -17.20 %.</summary>
    public double Change => (NewMedian / BaseMedian) - 1;

    /// <summary>As benchstat decides; without correction for the number of lines.</summary>
    public bool IsSignificant => P < Alpha && BaseMedian != NewMedian;

    /// <summary>Benchmarks that both have, in the order of the first.</summary>
    public static IReadOnlyList<GoBenchmarkChange> Between(GoBenchmarks before, GoBenchmarks after) =>
    [
        .. from one in before.Benchmarks join other in after.Benchmarks on (one.Name, one.Unit) equals (other.Name, other.Unit)
            select new GoBenchmarkChange(one.Name, one.Unit, one.Values.Count, other.Values.Count, Spread.Median(one.Values),
            Spread.Median(other.Values), MannWhitney.Of(one.Values, other.Values).P),
    ];

    /// <summary>As benchstat prints it: <c>-17.20% (p=0.000 n=10)</c>, <c>~ (p=0.446 n=10)</c>.</summary>
    public override string ToString()
    {
        string n = BaseCount == NewCount ? $"{BaseCount}" : $"{BaseCount}+{NewCount}";
        return FormattableString.Invariant($"{(IsSignificant ? $"{100 * Change:+0.00;-0.00}%" : "~")} (p={P:0.000} n={n})");
    }
}
