using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>workqueue</c>, without the flush: a fast zap queues the roots and returns.</summary>
/// <remarks>
/// <b>Source.</b> Paolo Bonzini's proposal of 2022-03-02 (b9270432…), withdrawn the same day (reference 6.8).
/// <para><b>Wrong because.</b> When the fast zap returns, roots still hold present SPTEs of memory that is about to be freed, out
/// of the notifier's reach (reference 0.6, invariant I6).</para>
/// <para><b>Runs beside, pays.</b> As <c>workqueue</c>. <b>On return</b> nothing is promised.</para>
/// </remarks>
[Strategy("no-flush", Code = "S6n", Status = StrategyStatus.Broken, Idea = "workqueue without waiting for the work",
    Source = "Bonzini 2022-03-02",
    Breaks = "I6: a fast zap returns before the roots are zapped (any workload with memslot updates)")]
public sealed class NoFlush<TMachine>(Vm<TMachine> vm) : Workqueue<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The fault: the queue is not flushed.</summary>
    public override void ZapInvalidatedRoots() { }
}
