using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>defunct-flag</c> but without the flag: the last put of a valid root marks it invalid, raises the
/// count to one and queues a worker; a fast zap puts a reference on every invalid root it meets.</summary>
/// <remarks>
/// <b>Source.</b> v3 20/28 and 22/28 of "KVM: x86/mmu: Overhaul TDP MMU zapping and flushing", 2022-02-26.
/// <para><b>Wrong because.</b> A root that becomes invalid after the fast zap took its gifts has one reference and two putters:
/// the worker and the fast zap (reference 3.2). With one vCPU it takes a root that is loaded and put between the fast zap's two
/// halves; head insertion hides it otherwise (3.4). Sean Christopherson found it in the mail of 2022-03-02, not by a test.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>defunct-flag</c>.</para>
/// </remarks>
[Strategy("async-put", Code = "S3", Status = StrategyStatus.Broken,
    Idea = "v3: put queues a worker, and a fast zap puts every invalid root it meets",
    Source = "v3 20/28 and 22/28, 2022-02-26",
    Breaks = "I1, I3: double put; needs a root loaded and put between a fast zap's halves (root-toggle, 1 vCPU, --pause "
        + "fast-zap=200us)")]
public sealed class AsyncPut<TMachine>(Vm<TMachine> vm) : DefunctFlag<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>v3 dropped the flag.</summary>
    protected override void MarkDefunct(TdpRoot root) { }

    /// <summary>The fault: a fast zap gifts a reference to every root it invalidates and then takes one from every invalid root
    /// it meets.</summary>
    protected override bool IsDefunct(TdpRoot root) => false;
}
