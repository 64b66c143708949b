using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Application.Settings;
using Lab.Plots;
using Lab.Report;
using Lab.Results;
using Lab.Results.HdrLog;

namespace Lab.Cli.Report;

/// <summary>A histogram log, to be read back: ours or anybody's.</summary>
internal sealed class HdrLogSubject(string path) : IReportSubject
{
    private readonly IReadOnlyList<NamedHistogram> _log = RunHdrLog.Read(path) is { Count: > 0 } log ? log
        : throw new RunDamagedException(path, null, "holds no histogram; expected lines '[Tag=…,]start,length,max,base64'");

    public string WriteReport()
    {
        string report = Path.ChangeExtension(Path.GetFullPath(path), ".html");
        HdrLogReport.Write(_log, Path.GetFileName(path), report);
        return report;
    }

    public void Print(OutputFormat format, LabConsole console)
    {
        HdrLogRecord[] rows = [.. HdrLogReport.Totals(_log).Select(HdrLogRecord.Of)];
        if (format == OutputFormat.Json)
        {
            console.Out.WriteLine(JsonSerializer.Serialize(rows, HdrLogJson.Default.HdrLogRecordArray));
            return;
        }
        if (format == OutputFormat.Csv)
        {
            console.Out.WriteLine("tag,unit,intervals,count,p50,p90,p99,p99_9,max");
            foreach (HdrLogRecord row in rows)
            {
                console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{CsvText.Cell(row.Tag)},{CsvText.Cell(row.Unit)},"
                    + $"{row.Intervals},{row.Count},{row.P50},{row.P90},{row.P99},{row.P999},{row.Max}"));
            }
            return;
        }
        TextTable table = new("", [new("tag"), .. Column.Numbers("count", "p50", "p99", "p99.9", "max")],
        [
            .. HdrLogReport.Totals(_log).Select(tag => (string[])[tag.Tag, tag.Count.ToString("N0", CultureInfo.InvariantCulture),
                .. ((double[])[tag.Shown(0.5), tag.Shown(0.99), tag.Shown(0.999), tag.Max]).Select(
                    value => Quantity.Format(value, tag.Unit))]),
        ]);
        foreach (string line in format == OutputFormat.Markdown ? table.Markdown() : table.Text()) console.Out.WriteLine(line);
        if (format == OutputFormat.Markdown) return;
        console.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{_log.Count:N0} intervals, {rows.Sum(row => row.Count):N0} samples."));
    }

    public IEnumerable<(string Name, Plot Plot)> Figures() =>
        [("percentiles", HdrLogReport.Draw(HdrLogReport.Totals(_log), Path.GetFileName(path)))];

    public string Page() => HdrLogReport.Render(_log, Path.GetFileName(path));

    public HdrLogFile? Log() => HdrLogFile.Read(path);
}

/// <summary>A tag of a histogram log for programs; quantiles are null where it has no samples.</summary>
internal sealed record HdrLogRecord(string Tag, string Unit, int Intervals, long Count, double? P50, double? P90, double? P99,
    [property: JsonPropertyName("p99_9")] double? P999, double? Max)
{
    public static HdrLogRecord Of(HdrLogReport.TagTotal tag)
    {
        double? At(double p) => tag.Count == 0 ? null : Quantiles.At(tag.Buckets, p);
        return new HdrLogRecord(tag.Tag, tag.Unit, tag.Intervals, tag.Count, At(0.5), At(0.9), At(0.99), At(0.999),
            tag.Count == 0 ? null : tag.Max);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HdrLogRecord[]))]
internal sealed partial class HdrLogJson : JsonSerializerContext;
