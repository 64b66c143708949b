using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <summary>Random searches: runs a program under so many schedules that a scheduler draws, and replays a recorded one. Finds
/// bugs, proves nothing; under <see cref="Search.Pct"/> it says with which probability it would have found one.</summary>
public static class Sampler
{
    /// <summary>Schedules tried if neither a number nor a time is given.</summary>
    public const long ExecutionsByDefault = 10_000;

    /// <summary>Runs the search. The program runs on a thread of its own; the observer is called on the caller's, which also
    /// watches that the code gets on.</summary>
    /// <exception cref="ArgumentException">The search is none of those, the schedule to replay is no schedule or belongs to
    /// another program, or the program has no or too many threads.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExploreResult Run(
        Scene scene, ExploreSettings settings, Action<ExploreProgress>? observer, CancellationToken cancellation)
    {
        byte[] picks = settings.Search == Search.Replay ? Decode(scene, settings) : [];
        SamplingRun run = new(scene, settings);
        return new SamplingSearch(run, settings, SchedulerFor(settings, picks), scene.Threads.Count).Watch(observer,
            cancellation);
    }

    private static Scheduler SchedulerFor(ExploreSettings settings, byte[] picks) => settings.Search switch
    {
        Search.Random => new RandomWalk(settings.Seed),
        Search.Pct => new Pct(settings.PctDepth, settings.Seed),
        Search.Pos => new Pos(settings.Seed),
        Search.Urw => new Urw(settings.Seed),
        Search.Replay => new Recorded(picks),
        _ => throw new ArgumentException($"'{settings.Search}' is not a random search.", nameof(settings)),
    };

    private static byte[] Decode(Scene scene, ExploreSettings settings)
    {
        if (settings.Schedule is null) throw new ArgumentException("A replay needs a schedule string; each failure prints one.",
            nameof(settings));
        if (!ScheduleText.TryDecode(settings.Schedule, out ScheduleKey? found, out byte[]? picks, out string? complaint))
        {
            throw new ArgumentException(complaint, nameof(settings));
        }
        string? mismatch = ScheduleText.Mismatch(ScheduleKey.Of(scene, settings.Model), found);
        return mismatch is null ? picks : throw new ArgumentException(mismatch, nameof(settings));
    }
}
