using System.Text;
using Lab.Results;
using Lab.Results.HdrLog;
using Xunit;

namespace Lab.Tests.Results;

public sealed class HdrLogTests
{
    private const string Head =
        "#[Logged by hand]\n#[Histogram log format version 1.2]\n#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09 "
            + "08:24:39 PDT 2015]\n"
        + "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";

    internal static HdrHistogram Histogram(params (long Value, long Count)[] samples) => HdrHistogram.Of(
        samples.Select(sample => HdrGeometry.OfTheLab.ValuesOf(HdrGeometry.OfTheLab.SlotOf(sample.Value))).Zip(samples,
            (slot, sample) => new Bucket(slot.Low, slot.High, sample.Count)));

    internal static byte[] Written(HdrLogFile log)
    {
        using MemoryStream bytes = new();
        log.Write(bytes);
        return bytes.ToArray();
    }

    private static HdrLogFile Read(string text) => HdrLogFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "test.hlog");

    /// <summary>Spoilt heads were taken as comments, and times that nobody wrote were read from them or left out.</summary>
    [Theory]
    [InlineData("#[Histogram log format version 9.9]")]
    [InlineData("#[Histogram log format version 1.3")]
    [InlineData("#[StartTime: -5 (seconds since epoch)]")]
    [InlineData("#[StartTime: 1.2.3 (seconds since epoch)]")]
    [InlineData("#[StartTime: 1e99 (seconds since epoch)]")]
    [InlineData("#[BaseTime: soon (seconds since epoch)]")]
    [InlineData("#[StartTime 1441812279.474 (seconds since epoch)]")]
    [InlineData("\"StartTimestamp\",\"Interval_Length\"")]
    [InlineData("\"not a legend")]
    public void A_head_that_says_nothing_readable_is_refused_with_its_line(string line)
    {
        using MemoryStream log = new(System.Text.Encoding.UTF8.GetBytes($"#[Logged by hand]\n{line}\n"));
        RunDamagedException refusal = Assert.Throws<RunDamagedException>(() => HdrLogFile.Read(log, "log.hlog"));
        Assert.Equal(2, refusal.Line);
    }

    [Theory]
    [InlineData("#[Histogram log format version 1.2]")]
    [InlineData("#[Histogram log format version 1.01]")]
    [InlineData("#[BaseTime: 0.000 (seconds since epoch)]")]
    [InlineData("#a comment that starts at StartTime")]
    [InlineData("\"StartTimestamp\",\"EndTimestamp\",\"Interval_Max\",\"Interval_Compressed_Histogram\"")]
    public void A_head_as_other_writers_make_it_is_kept_as_it_is(string line)
    {
        using MemoryStream log = new(System.Text.Encoding.UTF8.GetBytes($"{line}\n"));
        Assert.Equal(line, Assert.Single(HdrLogFile.Read(log, "log.hlog").Lines).Text);
    }

    [Fact]
    public void A_log_is_read_back_as_it_was_written_with_tags_comments_and_all()
    {
        HdrInterval[] intervals =
        [
            HdrInterval.Of(null, 0.127, 1.007, Histogram((1, 3), (2_047, 1), (2_048, 7), (1_000_000, 2), (3_599_999_999_999, 1))),
            HdrInterval.Of("workqueue", 1.134, 0.999, Histogram((0, 1), (1, 1), (3, long.MaxValue / 2))),
            HdrInterval.Of("empty", 2.133, 1, Histogram()),
        ];
        HdrLogFile log = HdrLogFile.Of("Logged with lab", DateTimeOffset.FromUnixTimeMilliseconds(1441812279474), intervals);
        log = log with { Lines = [.. log.Lines, "# a comment in the middle, kept", ""] };

        byte[] written = Written(log);
        HdrLogFile back = HdrLogFile.Read(new MemoryStream(written), "test.hlog");

        Assert.Equal(written, Written(back));
        Assert.Equal(1441812279.474, back.StartTimeS);
        Assert.Null(back.BaseTimeS);
        Assert.Equal([null, "workqueue", "empty"], back.Intervals.Select(interval => interval.Tag));
        Assert.Equal(intervals.Select(interval => interval.Histogram.Counts),
            back.Intervals.Select(interval => interval.Histogram.Counts));
        Assert.Equal(14, back.Intervals.First().Histogram.TotalCount);
    }

    /// <summary>By hand from the format's description: cookie, length of 5, offset 0, 3 digits, 1 … 3,600,000,000,000, ratio 1;
    /// then counts.</summary>
    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        byte[] expected =
        [
            0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 3,
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x03, 0x46, 0x30, 0xB8, 0xA0, 0, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0,
            0x03, // two empty slots: -2
            0x02, // one sample of value 2
            0x00, // one empty slot is a count of nothing
            0xD8, 0x04, // 300 samples of value 4: 600 in groups of seven bits
        ];
        Assert.Equal(expected, HdrCodec.EncodeUncompressed(Histogram((2, 1), (4, 300))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(8191)]
    [InlineData(8192)]
    [InlineData((1L << 55) - 1)]
    [InlineData(1L << 55)]
    [InlineData(long.MaxValue)]
    public void Counts_of_every_size_come_back(long count)
    {
        HdrHistogram histogram = Histogram((5, count));
        Assert.Equal(histogram.Counts, HdrCodec.Decode(HdrCodec.Encode(histogram)).Counts);
    }

    [Theory]
    [InlineData(1, 3_600_000_000_000, 3)]
    [InlineData(1, long.MaxValue, 2)]
    [InlineData(1000, 3_600_000_000_000, 2)]
    [InlineData(3, 100, 0)]
    [InlineData(1, 1L << 40, 5)]
    public void A_value_lies_in_its_slot_and_slots_leave_no_gap(long lowest, long highest, int digits)
    {
        HdrGeometry geometry = new(lowest, highest, digits);
        long next = 0;
        for (int slot = 0; slot < Math.Min(geometry.SlotCount, 20_000); slot++)
        {
            (long low, long high) = geometry.ValuesOf(slot);
            Assert.Equal(next, low);
            Assert.Equal((slot, slot), (geometry.SlotOf(low), geometry.SlotOf(high - 1)));
            next = high;
        }
        Assert.InRange(geometry.SlotOf(highest), 0, geometry.SlotCount - 1);
    }

    [Fact]
    public void Rows_of_a_run_folder_go_there_and_back_without_loss()
    {
        HdrHistogram histogram = Histogram((7, 2), (5_000, 1), (123_456_789, 4));
        IReadOnlyList<HistogramRow> rows =
            histogram.ToRows(new MeasurementKey("workqueue", "memslot-churn", "radix", 1), "update", "ns");
        Assert.Equal((7, 8, 2L), (rows[0].Low, rows[0].High, rows[0].Count));
        Assert.Equal(histogram.Counts, HdrHistogram.Of([.. rows]).Counts);
        Assert.Throws<ArgumentException>(() => HdrHistogram.Of([new Bucket(4096, 4097, 1)]));
        Assert.Throws<ArgumentException>(() => HdrHistogram.Of(
            [rows[0], new HistogramRow { Strategy = "other", Workload = "w", Mmu = "m", Run = 1, Metric = "update", Unit = "ns",
                Low = 1, High = 2, Count = 1 }]));
    }

    [Theory]
    [InlineData("0.1,1.0,2.7", "3 cells; expected the 4")]
    [InlineData("Tag=A", "no comma follows the tag")]
    [InlineData("now,1.0,2.7,HIST", "'now' is not a number")]
    [InlineData("0.1,1.0,2.7,HIS*", "not base64")]
    [InlineData("0.1,1.0,2.7,HIST", "3 bytes are too few for a histogram")]
    [InlineData("0.1,1.0,2.7,HISTIgAAAAB4AAAA", "cookie 0x1c849322 is not 0x1c849314")] // V1
    [InlineData("0.1,1.0,2.7,HISTFAAAAAd4AAAA", "bytes follow; the length says 7")]
    public void A_damaged_line_is_named_with_what_was_expected(string line, string why)
    {
        RunDamagedException e = Assert.Throws<RunDamagedException>(() => Read(Head + line + "\n"));
        Assert.Equal(("test.hlog", 5), (e.File, e.Line));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tag_that_would_not_come_back_is_refused() =>
        Assert.Throws<ArgumentException>(
            () => HdrLogFile.Of("lab", DateTimeOffset.UnixEpoch, [HdrInterval.Of("a,b", 0, 1, Histogram())]));
}
