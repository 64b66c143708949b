using System.Globalization;
using System.Text;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>What Slurm is told besides the plan.</summary>
/// <param name="Program">Starts the lab: words of a command line.</param>
/// <param name="AtOnce">Units that run at the same time; 0 for as many as there are nodes.</param>
/// <param name="Partition">Null for the default one.</param>
/// <param name="Constraint">Features that nodes must have; null for any. A unit's own comes on top.</param>
/// <param name="Drained">Nodes that take no more.</param>
public sealed record SlurmWishes(
    IReadOnlyList<string> Program, int AtOnce, string? Partition, string? Constraint, IReadOnlyList<string> Drained);

/// <summary>A batch script for an array of units. Measured units get a whole node each; shards share one.</summary>
/// <remarks>An array's numbers may not pass MaxArraySize, 1001 by default: units are given in thousands, with what to add to a
/// task's number.</remarks>
public static class SlurmScript
{
    private const int ArrayMax = 1000;

    /// <summary>Slurm ends a job this much later than the lab would, and says so before.</summary>
    private const int GraceMinutes = 2;

    /// <summary>Each with what its units need in common: a script is for one constraint and one thousand.</summary>
    public static IReadOnlyList<string> For(PlanFolder plan, IReadOnlyList<int> units, SlurmWishes wishes) =>
    [
        .. units.GroupBy(unit => (Constraint: ConstraintOf(plan, unit, wishes), Thousand: (unit - 1) / ArrayMax))
            .OrderBy(group => group.Key.Thousand)
            .Select(group => One(plan, [.. group], group.Key.Constraint, group.Key.Thousand * ArrayMax, wishes)),
    ];

    /// <summary>Numbers and ranges such as 1-3,7.</summary>
    public static string Ranges(IReadOnlyList<int> numbers)
    {
        List<string> ranges = [];
        for (int at = 0, end; at < numbers.Count; at = end + 1)
        {
            end = at;
            while (end + 1 < numbers.Count && numbers[end + 1] == numbers[end] + 1) end++;
            string first = numbers[at].ToString(CultureInfo.InvariantCulture);
            ranges.Add(end == at ? first : string.Create(CultureInfo.InvariantCulture, $"{first}-{numbers[end]}"));
        }
        return string.Join(',', ranges);
    }

    /// <summary>Under which the plan's jobs are found in the queue.</summary>
    public static string JobName(PlanFolder plan) => $"lab-{plan.Plan.Id}";

    public static string LogFolder(PlanFolder plan) => Path.Combine(plan.Path, "slurm");

    private static string One(PlanFolder plan, IReadOnlyList<int> units, string? constraint, int offset, SlurmWishes wishes)
    {
        StringBuilder script = new("#!/bin/bash\n");
        void Say(string option) => script.Append("#SBATCH ").Append(option).Append('\n');
        Say($"--job-name={JobName(plan)}");
        Say($"--array={Ranges([.. units.Select(unit => unit - offset)])}{(wishes.AtOnce > 0 ? $"%{wishes.AtOnce}" : "")}");
        Say("--nodes=1");
        Say("--ntasks=1");
        if (plan.Plan.Kind != UnitKind.Shard) Say("--exclusive");
        if (wishes.Partition is { } partition) Say($"--partition={partition}");
        if (constraint is not null) Say($"--constraint={constraint}");
        if (wishes.Drained.Count > 0) Say($"--exclude={string.Join(',', wishes.Drained)}");
        Say($"--time={plan.Plan.TimeoutS / 60 + GraceMinutes}");
        Say("--signal=B:TERM@60");
        Say("--requeue");
        Say("--open-mode=append");
        Say($"--output={Path.Combine(LogFolder(plan), "%A_%a.log")}");
        script.Append(CultureInfo.InvariantCulture, $$"""

            # 0: the unit has an answer. 5: not here and now; 130: given up for somebody else: the unit is begun again. What is
            # else has failed, and the unit keeps its log.
            {{ShellText.Of([.. wishes.Program, "fleet", "work", plan.Path])}} $(({{offset}} + SLURM_ARRAY_TASK_ID)) &
            unit=$!
            trap 'kill -TERM $unit' TERM
            wait $unit
            code=$?
            while kill -0 $unit 2> /dev/null; do
                wait $unit
                code=$?
            done
            case $code in
            5 | 130) scontrol requeue "$SLURM_JOB_ID" ;;
            esac
            exit $code

            """);
        return script.ToString().ReplaceLineEndings("\n");
    }

    private static string? ConstraintOf(PlanFolder plan, int unit, SlurmWishes wishes)
    {
        FleetUnit read = plan.ReadUnit(unit);
        string[] all = [.. new[] { wishes.Constraint, read.Constraint }.OfType<string>(), .. read.Needs];
        return all.Length == 0 ? null : string.Join('&', all);
    }
}
