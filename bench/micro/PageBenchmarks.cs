using BenchmarkDotNet.Attributes;

namespace Lab.Bench.Micro;

/// <summary>The hot paths of the radix MMU, per page: install a leaf, walk to one, zap one. The same work as in the comparison
/// with the C peer.</summary>
/// <remarks>Install and zap undo each other, so each iteration does all pages once and the other verb runs between the
/// iterations, untimed.</remarks>
public class PageBenchmarks : IDisposable
{
    /// <summary>64 MiB of guest memory: 128 KiB of leaf tables, which a core's own caches hold.</summary>
    private const int Pages = 16_384;

    private RadixWork _work = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _work = new RadixWork(Pages, threads: 1);
        _work.Install(0);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _work.Dispose();
        GC.SuppressFinalize(this);
    }

    [IterationSetup(Target = nameof(Install))]
    public void ZapUntimed() => _work.Zap();

    [IterationSetup(Target = nameof(ZapLeaf))]
    public void InstallUntimed()
    {
        _work.Zap();
        _work.Install(0);
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public void Install() => _work.Install(0);

    [Benchmark(OperationsPerInvoke = Pages)]
    public ulong Walk() => _work.Walk();

    [Benchmark(OperationsPerInvoke = Pages)]
    public long ZapLeaf() => _work.Zap();
}
