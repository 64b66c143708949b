using System.Globalization;
using Lab.Settings;

namespace Lab.Measure;

/// <summary>What a run asks of the machine so that it measures the strategy and not the machine. Each part needs no more
/// privilege than its own; what cannot be had is a note in <see cref="MeasuredRun.Notes"/> and never an error.</summary>
public sealed record QuietSettings
{
    /// <summary>Below the kernel's own threads of default priority, which a measuring thread must not keep waiting.</summary>
    public const int FifoPriorityDefault = 49;

    /// <summary>The first updater runs on the first allowed core, where the kernel thread that wakes it usually runs; all others
    /// share the cores after it. Goes before <see cref="WindowSettings.Pinning"/>.</summary>
    public bool Pin { get; init; }

    /// <summary>Idle cores do not sleep from before the warm-up to after the last actor has ended.</summary>
    public bool HoldOffIdleStates { get; init; }

    /// <summary>SCHED_FIFO for actors of <see cref="ActorRole.Updater"/>, and only for one that is pinned to a core on which no
    /// other actor runs: it would starve whoever shares it. Not held while an actor prepares, since preparing may spin until
    /// others get on.</summary>
    public bool Fifo { get; init; }

    public int FifoPriority { get; init; } = FifoPriorityDefault;

    public bool IsNone => !Pin && !HoldOffIdleStates && !Fifo;

    /// <summary>What can be asked for.</summary>
    public static class Declared
    {
        public static SettingGroup Group { get; } = new("A quiet machine");
        public static Setting<QuietSettings> Quiet { get; } = Group.Add(
            "quiet", new Form<QuietSettings>(QuietOf, Print)
            {
                Takes = "pin, idle, fifo (comma-separated), all or none",
                Words = () => ["pin", "idle", "fifo", "all", "none"],
                IsList = true,
                Corners = [new(), new() { Pin = true, Fifo = true }, new() { Pin = true, HoldOffIdleStates = true, Fifo = true }],
            },
            "none", "what the machine is asked for");
        public static Setting<int> FifoPriority { get; } = Group.Add(
            "fifo-priority", Form.Whole(1, 99), FifoPriorityDefault.ToString(CultureInfo.InvariantCulture),
            "SCHED_FIFO priority of --quiet fifo");

        public static Setting<TimeSpan> WaitQuiet { get; } = Group.Add(
            "wait-quiet", Form.Duration(TimeSpan.Zero, TimeSpan.FromHours(24)), "0s",
            "wait so long at most until the machine is not busy; then it is measured, with a note",
            Recorded.Never, shapes: false);

        private static QuietSettings QuietOf(string option, string text)
        {
            QuietSettings quiet = new();
            foreach (string item in Names.Items(option, text))
            {
                quiet = Names.Choice<Func<QuietSettings, QuietSettings>>(
                    option,
                    item,
                    ("pin", one => one with { Pin = true }),
                    ("idle", one => one with { HoldOffIdleStates = true }),
                    ("fifo", one => one with { Fifo = true }),
                    ("all", one => one with { Pin = true, HoldOffIdleStates = true, Fifo = true }),
                    ("none", one => one))(quiet);
            }
            return quiet;
        }

        private static string Print(QuietSettings quiet)
        {
            (bool Asked, string Name)[] parts = [(quiet.Pin, "pin"), (quiet.HoldOffIdleStates, "idle"), (quiet.Fifo, "fifo")];
            return quiet.IsNone ? "none" : string.Join(',', parts.Where(part => part.Asked).Select(part => part.Name));
        }
    }
}
