using System.Text.Json.Nodes;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What programs read: the published schema knows every name that is printed, and the version comes first.</summary>
public sealed class RecordsTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("run", "report", "latest", "--format", "json")]
    [InlineData("explore", "explore", "--strategy", "mainline", "--scenario", "fast-zap-unmap", "--format", "json")]
    [InlineData("explore --program", "explore", "--program", "readers", "--size", "2", "--format", "json")]
    [InlineData("doctor", "doctor", "--quick", "--format", "json")]
    public void Json_begins_with_its_version_and_has_the_names_of_its_schema(string verb, params string[] arguments)
    {
        SampleRun.WriteTo(_temporary.Path, runs: 1);
        JsonNode printed = JsonNode.Parse(
            LabHere.Run([.. arguments, .. verb == "run" ? (string[])["--out", _temporary.Path] : []]).Out)!;
        JsonNode schema = JsonNode.Parse(LabHere.Run("list", "schema").Out)![verb]!;
        if (printed is JsonArray array) (printed, schema) = (array[0]!, schema["items"]!);
        Assert.Equal("schema_version", printed.AsObject().First().Key);
        Assert.Equal(1, printed["schema_version"]!.GetValue<int>());
        Assert.Equal(schema["properties"]!.AsObject().Select(one => one.Key), printed.AsObject().Select(one => one.Key));
    }
}
