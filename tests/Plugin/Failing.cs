using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(NeverMade<>))]
[assembly: OffersStrategy(typeof(ThrowsWhenMade<>))]
[assembly: OffersStrategy(typeof(ThrowsInZap<>))]
[assembly: OffersStrategy(typeof(ThrowsInWorker<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> <c>zap-inline</c> whose code fails in one place. For tests of who is blamed, and of what still
/// runs.</summary>
/// <remarks>
/// <b>Source.</b> A test.
/// <para><b>Runs beside, on return, pays.</b> As <c>zap-inline</c>, until it fails.</para>
/// </remarks>
public abstract class Failing<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0 || !Unlink(root)) return;
        ZapRoot(root, hold, mayYield: false);
        Vm.Mmu.FreeRoot(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (IsInvalid(root)) continue;
            Invalidate(root);
            ZapRoot(root, hold, mayYield: false);
        }
    }

    public override void ZapInvalidatedRoots() { }
}

/// <summary>Its constructor waits for what never comes.</summary>
[Strategy("never-made", Status = StrategyStatus.Broken, Idea = "a constructor that never returns", Source = "test",
    Breaks = "termination: a VM is never made")]
public sealed class NeverMade<TMachine> : Failing<TMachine>
    where TMachine : struct, IMachine
{
    public NeverMade(Vm<TMachine> vm) : base(vm) => Thread.Sleep(Timeout.Infinite);
}

/// <summary>Its constructor throws.</summary>
[Strategy("throws-when-made", Status = StrategyStatus.Broken, Idea = "a constructor that throws", Source = "test",
    Breaks = "throws")]
public sealed class ThrowsWhenMade<TMachine> : Failing<TMachine>
    where TMachine : struct, IMachine
{
    public ThrowsWhenMade(Vm<TMachine> vm) : base(vm) => throw new NotSupportedException("no constructor yet");
}

/// <summary>The first fast zap throws, holding nothing.</summary>
[Strategy("throws-in-zap", Status = StrategyStatus.Broken, Idea = "a fast zap that throws", Source = "test", Breaks = "throws")]
public sealed class ThrowsInZap<TMachine>(Vm<TMachine> vm) : Failing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots() => throw new InvalidOperationException("nothing to zap");
}

/// <summary>A worker throws, on a thread that is none of the measurement's.</summary>
[Strategy("throws-in-worker", Status = StrategyStatus.Broken, Idea = "a worker that throws", Source = "test", Breaks = "throws")]
public sealed class ThrowsInWorker<TMachine> : Failing<TMachine>
    where TMachine : struct, IMachine
{
    private readonly WorkQueue _queue;

    public ThrowsInWorker(Vm<TMachine> vm) : base(vm) =>
        _queue = vm.NewWorkQueue("thrower", _ => throw new InvalidOperationException("the worker does not work"));

    public override void ZapInvalidatedRoots()
    {
        if (!Vm.Roots.First.IsNone) Vm.Queue(_queue, Vm.Roots.First);
        Machine.Flush(_queue);
    }
}
