namespace Lab.Mmu;

/// <summary>Proof that mmu_lock is held shared ("for read"). Others may hold it shared at the same time and do change SPTEs, with
/// CAS.</summary>
public readonly struct SharedHold;

/// <summary>Proof that mmu_lock is held exclusively ("for write"). Nobody else holds it in any mode.</summary>
public readonly struct ExclusiveHold;

/// <summary>Proof that mmu_lock is held in either mode; says which. Made only from one of the two.</summary>
public readonly struct MmuHold
{
    private MmuHold(bool isExclusive) => IsExclusive = isExclusive;

    public bool IsExclusive { get; }

    public bool IsShared => !IsExclusive;

    public static implicit operator MmuHold(SharedHold hold) => FromShared(hold);

    public static implicit operator MmuHold(ExclusiveHold hold) => FromExclusive(hold);

    public static MmuHold FromShared(SharedHold _) => new(isExclusive: false);

    public static MmuHold FromExclusive(ExclusiveHold _) => new(isExclusive: true);
}
