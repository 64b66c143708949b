using Lab.Mmu;

namespace Lab.Strategies.Notifier.Broken;

/// <summary><b>Idea.</b> As <c>always-count</c>, and a fault takes its snapshot of the sequence after it has looked the frame
/// up.</summary>
/// <remarks>
/// <b>Source.</b> The order that the barrier in the fault path is there to forbid (reference 9.1, I24).
/// <para><b>Wrong because.</b> An invalidation that begins and ends between the lookup and the snapshot is missed: the fault maps
/// a frame that the host has taken (I24).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>always-count</c>.</para>
/// </remarks>
[Strategy("late-snapshot", Status = StrategyStatus.Broken,
    Idea = "faults take the snapshot of the sequence after they have looked the frame up",
    Source = "the order that reference 9.1 forbids",
    Breaks = "I24: a fault maps a frame that was taken after it had looked it up (a notifier beside a fault)")]
public sealed class LateSnapshot<TMachine>(Vm<TMachine> vm) : AlwaysCount<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) => base.MustRetry(gfn, Sequence, hold);
}
