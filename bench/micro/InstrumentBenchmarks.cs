using BenchmarkDotNet.Attributes;
using Lab.Measure;
using Lab.Time;

namespace Lab.Bench.Micro;

/// <summary>What measuring costs: a time stamp, a latency recorded. All of it is paid inside a measured run.</summary>
public class InstrumentBenchmarks : IDisposable
{
    /// <summary>Latencies to record, spread over six orders of magnitude, so that the branch on size and the bucket's line vary
    /// as in a run.</summary>
    private const int Latencies = 4096;

    private readonly long[] _nanoseconds = new long[Latencies];
    private Clock _clock = null!;
    private LatencyHistogram _histogram = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _clock = Clock.Default;
        _histogram = new LatencyHistogram();
        Random random = new(1);
        for (int index = 0; index < Latencies; index++) _nanoseconds[index] = (long)Math.Pow(10, 2 + 6 * random.NextDouble());
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _histogram.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Description = "Clock.Ticks")]
    public long ClockTicks() => _clock.Ticks();

    [Benchmark(Description = "Clock.TicksOrdered")]
    public long ClockTicksOrdered() => _clock.TicksOrdered();

    /// <summary>One sample: a plain stamp at its start, an ordered one at its end, and the conversion.</summary>
    [Benchmark(Description = "Clock, whole sample")]
    public long ClockSample()
    {
        long begin = _clock.Ticks();
        return _clock.ToNanoseconds(_clock.TicksOrdered() - begin);
    }

    [Benchmark(Description = "Histogram.Record", OperationsPerInvoke = Latencies)]
    public long HistogramRecord()
    {
        foreach (long nanoseconds in _nanoseconds) _histogram.Record(nanoseconds);
        return _histogram.Count;
    }
}
