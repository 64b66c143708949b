namespace Lab.Mmu;

/// <summary>What an access orders by itself, in the kernel's terms.</summary>
public enum AccessOrder : byte
{
    /// <summary>Nothing: READ_ONCE, WRITE_ONCE, the _relaxed forms.</summary>
    Relaxed,

    /// <summary>A load before all that comes later in its thread.</summary>
    Acquire,

    /// <summary>A store behind all that comes earlier in its thread.</summary>
    Release,

    /// <summary>A successful read-modify-write without a suffix: as if a full fence stood on either side.</summary>
    Full,
}
