using Lab.Mmu;

namespace Lab.Strategies.Notifier.Broken;

/// <summary><b>Idea.</b> Starts and ends leave mmu_lock and the count alone where no slot overlaps, and nothing keeps the
/// memslots as they are between the two.</summary>
/// <remarks>
/// <b>Source.</b> What the review of 2021-03-31 took <c>always-count</c> to need, had it left the lock out (reference 9.2).
/// <para><b>Wrong because.</b> An update between a start and its end makes them decide differently: the count goes below zero, or
/// stays up and faults are retried for ever (I23, I25).</para>
/// <para><b>Runs beside.</b> Everything. <b>On return</b> of a start no root maps a frame of the range.</para>
/// <para><b>Pays.</b> Nobody, until a vCPU faults.</para>
/// </remarks>
[Strategy("unstable-slots", Status = StrategyStatus.Broken,
    Idea = "where no slot overlaps nothing is locked or counted, and slots may change between start and end",
    Source = "review of 2021-03-31",
    Breaks = "I23: an end counts what its start did not, or the other way round (an update between the two)")]
public sealed class UnstableSlots<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void RangeStart(GfnRange range) => StartWhereMapped(range);

    public override void RangeEnd(GfnRange range) => EndWhereMapped(range);
}
