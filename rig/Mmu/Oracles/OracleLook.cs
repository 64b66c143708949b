namespace Lab.Mmu;

/// <summary>A look behind the machine's back, for who must be able to repeat it.</summary>
internal enum OracleLook
{
    /// <summary>I35: a fault was answered as MMIO; of which frame.</summary>
    Mmio,

    /// <summary>I36: a root was loaded; for which role.</summary>
    RoleLoaded,

    /// <summary>I24: a frame was mapped; its address.</summary>
    Installed,
}
