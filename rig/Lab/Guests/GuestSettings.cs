using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>What a guest can be told.</summary>
public static class GuestSettings
{
    public static SettingGroup Group { get; } = new("guest");

    public static Setting<string> Kernel { get; } = Group.Add(
        "kernel", Form.Text, "/", "kernel to boot: build tree, Debian packages (*.deb, joined by commas), a tree that they were "
            + "unpacked into, / for the one that runs or, where that is not installed, the newest that is",
        Recorded.Never, shapes: false);
    public static Setting<string> Out { get; } = Group.Add(
        "out", Form.Text, "results", "folder for what comes back: runs/ and the like, and guests/ for the guest's own words",
        Recorded.Never, shapes: false);
    public static Setting<ProcessorChoice> Processor { get; } = Group.Add(
        "processor", Form.Words<ProcessorChoice>(), "auto", "of the guest: nested in the host's KVM, emulated, or what can be",
        Recorded.Never, shapes: false);
    public static Setting<int> Cpus { get; } = Group.Add(
        "cpus", Form.Whole(1, 64), "2", "processors of the guest", Recorded.Never, shapes: false);
    public static Setting<long> Memory { get; } = Group.Add(
        "guest-memory", Form.Bytes(bytes => bytes >= 1L << 30 ? null : "at least 1GiB"), "3GiB",
        "memory of the guest", Recorded.Never, shapes: false);
    public static Setting<TimeSpan> Limit { get; } = Group.Add(
        "limit", Form.Duration(TimeSpan.FromSeconds(10), TimeSpan.FromHours(24)), "10m", "after which the guest is ended",
        Recorded.Never, shapes: false);
}
