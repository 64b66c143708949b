using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>workqueue</c>, but a fast zap takes a reference on and queues every root, also one that is invalid
/// already.</summary>
/// <remarks>
/// <b>Source.</b> The variant that reference 6.4 warns of; Sean Christopherson's YiE8SH4Sn1zzRZwe says why it must be skipped.
/// <para><b>Wrong because.</b> An item that is queued and has not started is not queued again: two references, one run. The
/// second one is never put (invariant I10) and the root leaks.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>workqueue</c>.</para>
/// </remarks>
[Strategy("requeue", Code = "S6d", Status = StrategyStatus.Broken, Idea = "workqueue that queues invalid roots again",
    Source = "reference 6.4",
    Breaks = "I10, I16: a root queued twice before it runs leaks (root-toggle with memslot updates)")]
public sealed class Requeue<TMachine>(Vm<TMachine> vm) : Workqueue<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (!TryGet(root)) continue;
            Invalidate(root);
            // The fault: if the root is queued already, this does nothing, and the reference is lost.
            Schedule(root);
        }
    }
}
