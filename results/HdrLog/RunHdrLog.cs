using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Results.HdrLog;

/// <summary>A histogram that a log names.</summary>
/// <param name="Tag">As it stands there; empty for the untagged one. Several intervals may share it.</param>
/// <param name="StartS">As <see cref="HdrInterval.StartS"/>.</param>
/// <param name="Name">Whose it is, where the log came from a run folder; else null.</param>
/// <param name="Unit">Of the values: <c>ns</c> unless the log says otherwise.</param>
public sealed record NamedHistogram(
    string Tag, double StartS, double LengthS, IReadOnlyList<Bucket> Buckets, HistogramName? Name, string Unit);

/// <summary>One metric of one measurement, as a tag: <c>strategy/workload/mmu/metric/run</c>.</summary>
public readonly record struct HistogramName(MeasurementKey Key, string Metric)
{
    /// <summary>Names with a slash, comma, per cent sign, space or control character have it as %XX.</summary>
    public string Tag => string.Join(
        '/', ((string[])[Key.Strategy, Key.Workload, Key.Mmu, Metric]).Select(Escape)
            .Append(Key.Run.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Null for a tag of another program.</summary>
    public static HistogramName? Of(string tag)
    {
        string[] parts = tag.Split('/');
        return parts.Length == 5 && parts.All(part => part.Length > 0)
            && int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out int run)
            ? new HistogramName(
                new MeasurementKey(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1]),
                    Uri.UnescapeDataString(parts[2]), run),
                Uri.UnescapeDataString(parts[3]))
            : null;
    }

    private static string Escape(string name) =>
        string.Concat(name.Select(c => c is '/' or ',' or '%' || char.IsWhiteSpace(c) || char.IsControl(c)
            ? Uri.EscapeDataString(c.ToString()) : c.ToString()));
}

/// <summary>The histograms of a run as a log that HdrHistogram's tools read, an interval per metric of each measurement, and logs
/// as named histograms. Nothing is lost on the way out: the lab's buckets are HdrHistogram's slots for three digits from 1
/// on.</summary>
public static partial class RunHdrLog
{
    private const string Nanoseconds = "ns";

    /// <summary>For values above the hour that the lab's own recorder ends at.</summary>
    private static readonly HdrGeometry Unbounded = new(1, long.MaxValue, 3);

    /// <summary>In the order of the measurements. The start time is the run's, interval starts count from the first measured
    /// window; a run that did not write down when its windows opened has them back to back.</summary>
    /// <exception cref="RunDamagedException">A bucket is none that HdrHistogram has, so that it would have to be
    /// moved.</exception>
    public static HdrLogFile Of(RunRecord run)
    {
        List<HdrInterval> intervals = [];
        List<HdrLogLine> units = [];
        ILookup<MeasurementKey, HistogramRow> rows = run.Histograms.ToLookup(row => row.Key);
        long? first = run.Manifest.Measurements.Min(one => one.WindowStartNs);
        double backToBack = 0;
        foreach (Measurement measurement in run.Manifest.Measurements)
        {
            double start = measurement.WindowStartNs is { } opened ? (opened - first!.Value) / 1e9 : backToBack;
            foreach (IGrouping<string, HistogramRow> metric in rows[measurement.Key].GroupBy(row => row.Metric))
            {
                string tag = new HistogramName(measurement.Key, metric.Key).Tag;
                string unit = metric.First().Unit;
                if (unit != Nanoseconds) units.Add($"#[Unit of {tag}: {unit}]");
                intervals.Add(HdrInterval.Of(tag, start, measurement.MeasuredS, Histogram([.. metric], run.Folder)));
            }

            backToBack = start + measurement.MeasuredS;
        }

        HdrLogFile log = HdrLogFile.Of($"Logged by lab, run {run.Manifest.Id}", run.Manifest.StartedUtc, intervals);
        int head = log.Lines.Count - intervals.Count;
        return log with { Lines = [.. log.Lines.Take(head - 1), .. units, .. log.Lines.Skip(head - 1)] };
    }

    /// <exception cref="RunDamagedException">As <see cref="Of(RunRecord)"/>.</exception>
    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    public static void Write(RunRecord run, string path) => StagedFiles.WriteOne(path, Of(run).Write);

    /// <exception cref="RunDamagedException">As <see cref="HdrLogFile.Read(string)"/>.</exception>
    public static IReadOnlyList<NamedHistogram> Read(string path) => Of(HdrLogFile.Read(path));

    /// <summary>The intervals of any log, one by one, in its order.</summary>
    public static IReadOnlyList<NamedHistogram> Of(HdrLogFile log)
    {
        Dictionary<string, string> units =
            log.Lines.Select(line => UnitComment().Match(line.Text ?? "")).Where(found => found.Success)
            .DistinctBy(found => found.Groups[1].Value).ToDictionary(found => found.Groups[1].Value,
                found => found.Groups[2].Value);
        return
        [
            .. log.Intervals.Select(interval => new NamedHistogram(
                interval.Tag ?? "", interval.StartS, interval.LengthS, interval.Histogram.Buckets,
                HistogramName.Of(interval.Tag ?? ""),
                units.GetValueOrDefault(interval.Tag ?? "", Nanoseconds))),
        ];
    }

    private static HdrHistogram Histogram(List<HistogramRow> rows, string folder)
    {
        HdrGeometry geometry = rows.Max(row => row.High) <= HdrGeometry.OfTheLab.Highest ? HdrGeometry.OfTheLab : Unbounded;
        try
        {
            return HdrHistogram.Of(rows.Select(row => new Bucket(row.Low, row.High, row.Count)), geometry);
        }
        catch (ArgumentException e)
        {
            throw new RunDamagedException(Path.Combine(folder, CsvLayouts.Histograms.Name), null,
                $"{rows[0].Metric} has a bucket that no HdrHistogram of three digits has", e);
        }
    }

    [GeneratedRegex(@"^#\[Unit of (\S+): (.+)\]$")]
    private static partial Regex UnitComment();
}
