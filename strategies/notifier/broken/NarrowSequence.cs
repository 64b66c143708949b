using Lab.Mmu;

namespace Lab.Strategies.Notifier.Broken;

/// <summary><b>Idea.</b> As <c>always-count</c>, and a fault keeps its snapshot of the sequence in 32 bits with a sign.</summary>
/// <remarks>
/// <b>Source.</b> Linux from a955cad84cda until 6.3, which mended it by the way (ba6e3fe25543; reference 13.9).
/// <para><b>Wrong because.</b> From 2^31 notifications on the snapshot, sign-extended, equals no sequence: every fault is retried
/// for ever (I23).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>always-count</c>, until then.</para>
/// </remarks>
[Strategy("narrow-sequence", Status = StrategyStatus.Broken,
    Idea = "faults compare the sequence with a snapshot of 32 bits and a sign",
    Source = "Linux before 6.3",
    Breaks = "I23: after 2^31 notifications every fault is retried for ever (scenario with 'sequence')")]
public sealed class NarrowSequence<TMachine>(Vm<TMachine> vm) : AlwaysCount<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) =>
        base.MustRetry(gfn, unchecked((ulong)(int)snapshot), hold);
}
