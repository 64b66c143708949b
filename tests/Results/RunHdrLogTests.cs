using System.Text;
using Lab.Measure;
using Lab.Results;
using Lab.Results.HdrLog;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>A run's histograms as an HdrHistogram log and back, and foreign logs.</summary>
public sealed class RunHdrLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A run as the lab's own recorder would leave it: two measurements, three metrics, values from 0 to beyond the
    /// recorder's end.</summary>
    private RunRecord Recorded(long? windowStart = 5_000_000_000, string strategy = "workqueue")
    {
        RunFolder folder = RunFolder.Create(_folder.Path, SampleRun.Manifest);
        Random random = new(7);
        for (int run = 1; run <= 2; run++)
        {
            Measurement measurement = new()
            {
                Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, MeasuredS = 1.5,
                WindowStartNs = windowStart is { } first ? first + (run * 3_000_000_000L) : null,
            };
            List<HistogramRow> rows = [];
            List<SummaryRow> summary = [];
            List<TimelineRow> timeline = [];
            foreach (string metric in (string[])["update", "update.phase.lock_wait", "fault"])
            {
                using LatencyHistogram histogram = new();
                foreach (long value in (long[])[0, 1, 2047, 2048, LatencyHistogram.HighestValue,
                    LatencyHistogram.HighestValue * 2])
                {
                    histogram.Record(value);
                }
                for (int sample = 0; sample < 5000; sample++) histogram.Record((long)Math.Exp(random.NextDouble() * 25));
                rows.AddRange(histogram.Buckets().Select(bucket => new HistogramRow
                {
                    Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
                    Low = bucket.Low, High = bucket.High, Count = bucket.Count,
                }));
                summary.Add(new SummaryRow
                {
                    Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
                    Count = histogram.Count, Mean = histogram.Mean, Max = histogram.Max, P50 = histogram.Quantile(0.5),
                    P90 = histogram.Quantile(0.9), P99 = histogram.Quantile(0.99), P999 = histogram.Quantile(0.999),
                    P9999 = histogram.Quantile(0.9999), RatePerS = histogram.Count / 1.5,
                });
                timeline.Add(new TimelineRow
                {
                    Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
                    LengthMs = 1, Count = histogram.Count,
                });
            }
            folder.Write(new MeasurementRows(measurement) { Summary = summary, Histograms = rows, Timeline = timeline });
        }
        folder.Complete();
        return new RunStore(_folder.Path).Open(folder.Path);
    }

    [Fact]
    public void Every_histogram_of_a_run_comes_back_bucket_by_bucket_under_its_name()
    {
        RunRecord run = Recorded();
        string path = Path.Combine(_folder.Path, "run.hlog");

        RunHdrLog.Write(run, path);
        IReadOnlyList<NamedHistogram> back = RunHdrLog.Read(path);

        Assert.Equal(6, back.Count);
        foreach (NamedHistogram one in back)
        {
            Assert.NotNull(one.Name);
            Bucket[] expected = [.. run.Histograms.Where(row => row.Key == one.Name!.Value.Key
                && row.Metric == one.Name.Value.Metric).Select(row => new Bucket(row.Low, row.High, row.Count))];
            Assert.NotEmpty(expected);
            Assert.Equal(expected, one.Buckets);
            Assert.Equal(("ns", 1.5), (one.Unit, one.LengthS));
        }
        Assert.Equal("workqueue/memslot-churn/radix/update/1", back[0].Tag);
        Assert.Equal([0, 0, 0, 3, 3, 3], back.Select(one => one.StartS));
        Assert.Equal(run.Manifest.StartedUtc.ToUnixTimeSeconds(), HdrLogFile.Read(path).StartTimeS!.Value, 1.0);

        byte[] written = File.ReadAllBytes(path);
        Assert.Equal(written, HdrLogTests.Written(HdrLogFile.Read(path)));
        RunHdrLog.Write(run, path);
        Assert.Equal(written, File.ReadAllBytes(path));
    }

    [Fact]
    public void Without_the_windows_openings_measurements_follow_each_other() =>
        Assert.Equal([0, 1.5], RunHdrLog.Of(Recorded(windowStart: null)).Intervals.Select(one => one.StartS).Distinct());

    [Theory]
    [InlineData("my own, strategy")]
    [InlineData("a/b%2Fc")]
    public void Names_that_no_tag_can_hold_come_back_all_the_same(string strategy)
    {
        HdrLogFile log = RunHdrLog.Of(Recorded(strategy: strategy));
        Assert.All(log.Intervals, one => Assert.DoesNotContain(one.Tag!, c => c is ',' or ' '));
        Assert.All(RunHdrLog.Of(log), one => Assert.Equal(strategy, one.Name!.Value.Key.Strategy));
    }

    [Fact]
    public void A_unit_that_is_not_nanoseconds_is_said_and_read()
    {
        RunRecord run = Recorded();
        RunRecord pages = new()
        {
            Folder = run.Folder, Manifest = run.Manifest, State = run.State,
            Histograms = [.. run.Histograms.Select(row => row.Metric == "fault" ? row with { Unit = "pages per zap" } : row)],
        };
        using MemoryStream bytes = new(HdrLogTests.Written(RunHdrLog.Of(pages)));
        Assert.All(RunHdrLog.Of(HdrLogFile.Read(bytes, "run.hlog")),
            one => Assert.Equal(one.Name!.Value.Metric == "fault" ? "pages per zap" : "ns", one.Unit));
    }

    [Fact]
    public void Buckets_that_would_have_to_move_are_refused_with_the_file()
    {
        RunRecord sample = new RunStore(_folder.Path).Open(SampleRun.WriteTo(_folder.Path, runs: 1).Path); // in buckets of 1/32
        RunDamagedException e = Assert.Throws<RunDamagedException>(() => RunHdrLog.Of(sample));
        Assert.EndsWith("histograms.csv", e.File, StringComparison.Ordinal);
        Assert.Contains("has a bucket that no HdrHistogram of three digits has", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_measurements_is_a_log_without_intervals()
    {
        RunFolder folder = RunFolder.Create(_folder.Path, SampleRun.Manifest);
        Assert.Empty(RunHdrLog.Of(RunHdrLog.Of(new RunStore(_folder.Path).Open(folder.Path))));
    }

    /// <summary>As jHiccup and others write them: other digits, a smallest unit above 1, several intervals of a tag, some without
    /// one.</summary>
    [Fact]
    public void A_foreign_log_is_read_as_it_is()
    {
        HdrGeometry coarse = new(1000, 3_600_000_000_000, 2);
        HdrHistogram histogram = new() { Geometry = coarse, Counts = [(coarse.SlotOf(5_000), 3), (coarse.SlotOf(7_000_000), 1)] };
        HdrLogFile foreign = HdrLogFile.Of("Logged with jHiccup version 2.0.6", DateTimeOffset.FromUnixTimeSeconds(1441812279),
            [HdrInterval.Of(null, 0.127, 1, histogram), HdrInterval.Of("A", 0.127, 1, histogram),
                HdrInterval.Of("A", 1.127, 1, histogram), HdrInterval.Of("a/b", 2, 1, histogram)]);
        string path = Path.Combine(_folder.Path, "foreign.hlog");
        File.WriteAllText(path, "# by hand\n" + Encoding.UTF8.GetString(HdrLogTests.Written(foreign)));

        IReadOnlyList<NamedHistogram> read = RunHdrLog.Read(path);

        Assert.Equal(["", "A", "A", "a/b"], read.Select(one => one.Tag));
        Assert.All(read, one => Assert.Null(one.Name));
        Assert.All(read, one => Assert.Equal([3L, 1L], one.Buckets.Select(bucket => bucket.Count)));
        Assert.InRange(5_000, read[0].Buckets[0].Low, read[0].Buckets[0].High - 1);
        Assert.Equal(1.127, read[2].StartS);
    }
}
