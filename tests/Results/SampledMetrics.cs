using Lab.Results;

namespace Lab.Tests.Results;

/// <summary>Draws samples and turns them into the rows a measurement would leave, in log-linear buckets of 1/32.</summary>
internal sealed class SampledMetrics(MeasurementKey key, Random random)
{
    internal List<SummaryRow> Summary { get; } = [];
    internal List<HistogramRow> Histograms { get; } = [];
    internal List<TimelineRow> Timeline { get; } = [];

    internal void Add(string metric, int count, double medianNs, double slowShare)
    {
        const double WindowMs = 5000, IntervalMs = 250;
        long[] samples = new long[count];
        for (int i = 0; i < count; i++)
        {
            samples[i] = Math.Max(1, (long)(medianNs * Math.Exp(0.35 * Normal()) * (random.NextDouble() < slowShare ? 12 : 1)));
        }

        int perInterval = (int)(count * IntervalMs / WindowMs);
        foreach ((int index, long[] part) in samples.Chunk(perInterval).Index())
        {
            Array.Sort(part);
            Timeline.Add(new TimelineRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = "ns",
                StartMs = index * IntervalMs, LengthMs = IntervalMs, Count = part.Length, P50 = At(part, 0.5),
                P99 = At(part, 0.99), Max = part[^1],
            });
        }

        Array.Sort(samples);
        double mean = Math.Round(samples.Average(), 3);
        Summary.Add(new SummaryRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = "ns",
            Count = count, Min = samples[0], Mean = mean,
            StdDev = Math.Round(Math.Sqrt(samples.Average(s => (s - mean) * (s - mean))), 3),
            P50 = At(samples, 0.5), P90 = At(samples, 0.9), P99 = At(samples, 0.99), P999 = At(samples, 0.999),
            P9999 = At(samples, 0.9999),
            Max = samples[^1], RatePerS = count / (WindowMs / 1000),
        });
        Histograms.AddRange(samples.GroupBy(Low, (low, same) => new HistogramRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = "ns",
            Low = low, High = low + (1L << Shift(low)), Count = same.LongCount(),
        }));
    }

    private static int Shift(long value) => Math.Max(0, 63 - (int)long.LeadingZeroCount(value) - 5);

    private static long Low(long value) => value >> Shift(value) << Shift(value);

    private static long At(long[] sorted, double p) => sorted[Math.Max((int)Math.Ceiling(p * sorted.Length) - 1, 0)];

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
