using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Lab.Results.HdrLog;

/// <summary>The histogram of one interval of a log.</summary>
/// <param name="Tag">Tells series of one log apart; null for the untagged one. Without comma, space and line break.</param>
/// <param name="StartS">Since the log's base time if it has one, else its start time or the epoch, as its writer saw fit.</param>
/// <param name="MaxScaled">Largest value over the log's scale (a million: ms of ns).</param>
public sealed record HdrInterval(string? Tag, double StartS, double LengthS, double MaxScaled, HdrHistogram Histogram)
{
    /// <summary>With the maximum in ms of a histogram in ns, as logs have it.</summary>
    public static HdrInterval Of(string? tag, double startS, double lengthS, HdrHistogram histogram) =>
        new(tag, startS, lengthS, histogram.Max / 1e6, histogram);
}

/// <summary>A line of a log: an interval, or text (comment, legend, blank) kept as it is.</summary>
public readonly record struct HdrLogLine(string? Text, HdrInterval? Interval)
{
    public static implicit operator HdrLogLine(HdrInterval interval) => new(null, interval);

    public static implicit operator HdrLogLine(string text) => new(text, null);
}

/// <summary>A histogram log (<c>.hlog</c>, format 1.2 or 1.3): <c>[Tag=x,]start,length,max,base64</c>, read and written line by
/// line, so that what is read is written back the same: text verbatim, histograms count by count. HdrHistogram's plotters read
/// them.</summary>
public sealed partial record HdrLogFile(IReadOnlyList<HdrLogLine> Lines)
{
    private const string Legend = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"";

    public IEnumerable<HdrInterval> Intervals => Lines.Where(line => line.Interval is not null).Select(line => line.Interval!);

    /// <summary>Seconds since the epoch, from the comment that says so; null without one.</summary>
    public double? StartTimeS => Stamp(StartTime());

    /// <summary>What interval starts count from; null without one.</summary>
    public double? BaseTimeS => Stamp(BaseTime());

    /// <summary>A log of intervals with the head that readers expect.</summary>
    /// <exception cref="ArgumentException">A tag that would not come back.</exception>
    public static HdrLogFile Of(string writtenBy, DateTimeOffset start, IEnumerable<HdrInterval> intervals)
    {
        double seconds = start.ToUnixTimeMilliseconds() / 1000.0;
        HdrLogLine[] lines =
        [
            $"#[{writtenBy}]",
            "#[Histogram log format version 1.3]",
            string.Create(CultureInfo.InvariantCulture, $"#[StartTime: {seconds:0.000} (seconds since epoch), "
                + $"{start.UtcDateTime:ddd MMM dd HH:mm:ss} UTC {start.UtcDateTime:yyyy}]"),
            Legend,
            .. intervals.Select(interval => (HdrLogLine)interval),
        ];
        if (lines.FirstOrDefault(line => line.Interval?.Tag?.AsSpan().IndexOfAny(", \r\n") >= 0).Interval is { } bad)
        {
            throw new ArgumentException($"The tag '{bad.Tag}' holds a comma, space or line break.", nameof(intervals));
        }
        return new HdrLogFile(lines);
    }

    /// <exception cref="RunDamagedException">It cannot be opened, or a line is not part of a V2 log; names the line. V0 and V1
    /// logs are refused at their first interval.</exception>
    public static HdrLogFile Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            bool isCompressed = stream.ReadByte() == 0x1f && stream.ReadByte() == 0x8b;
            stream.Position = 0;
            if (!isCompressed) return Read(stream, path);
            using GZipStream unpacked = new(stream, CompressionMode.Decompress);
            return Read(unpacked, path);
        }
        catch (InvalidDataException e)
        {
            throw new RunDamagedException(path, null, "is a damaged gzip file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RunDamagedException.Unreadable(path, e);
        }
    }

    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="RunDamagedException">As above.</exception>
    public static HdrLogFile Read(Stream stream, string name)
    {
        using StreamReader text = new(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        List<HdrLogLine> lines = [];
        while (text.ReadLine() is { } line)
        {
            try
            {
                if (line.Contains('\uFFFD', StringComparison.Ordinal)) throw new InvalidDataException(
                    "it holds bytes that are not UTF-8");
                if (line.Length > 0 && line[0] is not ('#' or '"')) lines.Add(ReadInterval(line));
                else
                {
                    CheckHead(line);
                    lines.Add(line);
                }
            }
            catch (InvalidDataException e)
            {
                throw new RunDamagedException(name, lines.Count + 1, e.Message, e);
            }
        }

        return new HdrLogFile(lines);
    }

    public void Write(Stream stream)
    {
        using StreamWriter text = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (HdrLogLine line in Lines) text.WriteLine(line.Interval is { } interval ? Format(interval) : line.Text);
    }

    /// <summary>A comment may say anything, but what begins as one that readers go by must be one; so must a legend.</summary>
    private static void CheckHead(string line)
    {
        if (line.StartsWith('"') && !LegendLine().IsMatch(line)) throw new InvalidDataException(
            $"it is no legend of four columns, as '{Legend}'");
        if (!KeyComment().IsMatch(line)) return;
        if (line.Contains("version", StringComparison.Ordinal) ? !VersionLine().IsMatch(line)
            : Stamp(StartTime(), line) is null && Stamp(BaseTime(), line) is null)
        {
            throw new InvalidDataException($"'{Domain.Shorten(line)}' is not '#[Histogram log format version 1.3]', "
                + "'#[StartTime: seconds …]' or '#[BaseTime: seconds …]'; of the format this reads versions 1.0 to 1.3");
        }
    }

    private static string Format(HdrInterval interval)
    {
        string tag = interval.Tag is null ? "" : $"Tag={interval.Tag},";
        return string.Create(CultureInfo.InvariantCulture,
            $"{tag}{interval.StartS:0.000},{interval.LengthS:0.000},{interval.MaxScaled:0.000},"
                + $"{Convert.ToBase64String(HdrCodec.Encode(interval.Histogram))}");
    }

    private static HdrInterval ReadInterval(string line)
    {
        string? tag = null;
        string rest = line;
        if (line.StartsWith("Tag=", StringComparison.Ordinal))
        {
            int comma = line.IndexOf(',', StringComparison.Ordinal);
            if (comma < 0) throw new InvalidDataException("no comma follows the tag");
            (tag, rest) = (line[4..comma], line[(comma + 1)..]);
        }

        string[] cells = rest.Split(',');
        if (cells.Length != 4) throw new InvalidDataException(
            $"{cells.Length} cells; expected the 4 of '[Tag=…,]start,length,max,base64'");
        (double start, double length, double max) =
            (Number(cells[0], "start"), Number(cells[1], "length"), Number(cells[2], "max"));
        byte[] bytes = new byte[cells[3].Length];
        if (!Convert.TryFromBase64String(cells[3], bytes, out int written))
        {
            throw new InvalidDataException("the histogram is not base64");
        }
        return new HdrInterval(tag, start, length, max, HdrCodec.Decode(bytes.AsSpan(0, written)));
    }

    private static double Number(string cell, string what) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && number is >= 0 and <= Domain.NumberMax ? number
            : throw new InvalidDataException(
                $"'{Domain.Shorten(cell)}' is not a number {Domain.Words(0, Domain.NumberMax)}, which '{what}' needs");

    private double? Stamp(Regex comment)
    {
        string? found = Lines.Select(line => line.Text).FirstOrDefault(text => text is not null && comment.IsMatch(text));
        return found is null ? null : Stamp(comment, found);
    }

    private static double? Stamp(Regex comment, string line) =>
        double.TryParse(comment.Match(line).Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture,
            out double seconds) && seconds is >= 0 and <= Domain.NumberMax ? seconds : null;

    [GeneratedRegex(@"^#\[StartTime: ([0-9.eE+]+)[ \]]")]
    private static partial Regex StartTime();

    [GeneratedRegex(@"^#\[BaseTime: ([0-9.eE+]+)[ \]]")]
    private static partial Regex BaseTime();

    [GeneratedRegex(@"^#\s*\[?\s*(StartTime|BaseTime|Histogram log format)", RegexOptions.IgnoreCase)]
    private static partial Regex KeyComment();

    [GeneratedRegex(@"^#\[Histogram log format version 1\.(0[01]?|[1-3])\]$")]
    private static partial Regex VersionLine();

    [GeneratedRegex("^\"StartTimestamp\",\"(Interval_Length|EndTimestamp)\",\"Interval_Max\",\"Interval_Compressed_Histogram\"$")]
    private static partial Regex LegendLine();
}
