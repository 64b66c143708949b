using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(NeverFlushes<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> A fast zap waits for a work queue whose work never ends. For tests of the watchdog, which has to name
/// the waiter and what it waits for.</summary>
/// <remarks>
/// <b>Source.</b> A test.
/// <para><b>Runs beside.</b> As <c>zap-inline</c>, whose loads and puts it has.</para>
/// <para><b>On return.</b> A fast zap does not return. vCPUs go on until something needs slots_lock.</para>
/// <para><b>Pays.</b> Whoever runs it without <c>--watchdog</c>.</para>
/// </remarks>
[Strategy("never-flushes", Status = StrategyStatus.Broken, Idea = "a fast zap waits for work that never ends", Source = "test",
    Breaks = "termination: a fast zap never returns")]
public sealed class NeverFlushes<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    private readonly WorkQueue _stalled;

    public NeverFlushes(Vm<TMachine> vm) : base(vm) => _stalled = vm.NewWorkQueue("stalled", _ => Thread.Sleep(Timeout.Infinite));

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
            if (!IsInvalid(root) && TryGet(root) && Invalidate(root)) HandOver(root, _stalled);
        }
    }

    public override void ZapInvalidatedRoots() => Machine.Flush(_stalled);
}
