namespace Lab.Application.Settings;

/// <summary>Whether the kernel's per-thread events are counted.</summary>
public enum PerfChoice
{
    /// <summary>Where the kernel does the work, that is on every MMU but <c>radix</c>.</summary>
    Auto,
    On,
    Off,
}

/// <summary>Whether KVM's tracepoints are traced in the window.</summary>
public enum TraceChoice
{
    /// <summary>The rare ones, and only on <c>kvm</c>.</summary>
    Auto,

    /// <summary>All, those of every fault too.</summary>
    On,
    Off,
}
