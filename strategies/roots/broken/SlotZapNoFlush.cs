using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>slot-zap</c>, without the flush: no vCPU leaves its root, so nothing makes it forget what it has
/// cached of the slot.</summary>
/// <remarks>
/// <b>Source.</b> Nobody's patch: what is easily left out where a reload used to flush.
/// <para><b>Wrong because.</b> A vCPU goes on through its TLB to memory that was taken away (invariant I21).</para>
/// <para><b>Runs beside, pays.</b> As <c>slot-zap</c>. <b>On return</b> no root maps the slot, and TLBs may.</para>
/// </remarks>
[Strategy("slot-zap-no-flush", Code = "S8Zn", Status = StrategyStatus.Broken,
    Idea = "slot-zap without the flush", Source = "made for the lab",
    Breaks = "I21: TLBs keep translations of a deleted slot (any workload with memslot updates on radix)")]
public sealed class SlotZapNoFlush<TMachine>(Vm<TMachine> vm) : SlotZap<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The fault: no TLB is told.</summary>
    protected override void Flush() { }
}
