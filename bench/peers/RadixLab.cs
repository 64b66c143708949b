using System.Diagnostics;

namespace Lab.Bench.Peers;

/// <summary>The lab's side of the comparison: the peer's rounds, done by the radix MMU.</summary>
/// <remarks>With several installers their threads are there before the pass and are let go together; the peer creates its threads
/// inside the timed stretch, which costs it some microseconds per pass.</remarks>
internal sealed class RadixLab : IDisposable
{
    private readonly RadixWork _work;
    private readonly ulong _expectedSum;
    private readonly Barrier _gate;
    private readonly Thread[] _installers;
    private readonly RoundTimes[] _passes = new RoundTimes[RoundTimes.Passes];
    private volatile bool _stop;

    public RadixLab(PeerOptions options)
    {
        _work = new RadixWork(options.Pages, options.Threads);
        _expectedSum = _work.ExpectedSum;
        _gate = new Barrier(options.Threads + 1);
        _installers = options.Threads == 1 ? [] : new Thread[options.Threads];
        for (int index = 0; index < _installers.Length; index++)
        {
            int installer = index;
            _installers[index] = new Thread(() => Installer(installer)) { IsBackground = true, Name = $"installer{index}" };
            _installers[index].Start();
        }
    }

    /// <summary>As many passes as a process of the peer does; the first brings the tables back into the caches that the peer has
    /// filled.</summary>
    /// <exception cref="WrongAnswerException">The walks or the zap came to something else than what was installed.</exception>
    public RoundTimes RunRound()
    {
        for (int pass = 0; pass < _passes.Length; pass++) _passes[pass] = RunPass();
        return RoundTimes.MedianOf(_passes);
    }

    public void Dispose()
    {
        _stop = true;
        if (_installers.Length > 0) _gate.SignalAndWait();
        foreach (Thread thread in _installers) thread.Join();
        _gate.Dispose();
        _work.Dispose();
    }

    private RoundTimes RunPass()
    {
        long begin = Stopwatch.GetTimestamp();
        InstallAll();
        long installed = Stopwatch.GetTimestamp();
        ulong sum = _work.Walk();
        long walked = Stopwatch.GetTimestamp();
        long zapped = _work.Zap();
        long end = Stopwatch.GetTimestamp();
        WrongAnswerException.ThrowUnlessEqual("sums of the SPTEs walked", (long)sum, (long)_expectedSum);
        WrongAnswerException.ThrowUnlessEqual("pages zapped", zapped, _work.Pages);
        return new RoundTimes(PerPage(installed - begin), PerPage(walked - installed), PerPage(end - walked));
    }

    private double PerPage(long ticks) => ticks * (1e9 / Stopwatch.Frequency) / _work.Pages;

    private void InstallAll()
    {
        if (_installers.Length == 0)
        {
            _work.Install(0);
            return;
        }
        _gate.SignalAndWait();
        _gate.SignalAndWait();
    }

    private void Installer(int installer)
    {
        while (true)
        {
            _gate.SignalAndWait();
            if (_stop) return;
            _work.Install(installer);
            _gate.SignalAndWait();
        }
    }
}
