// What does the HL7 validator say of each message on standard input? One message a line in, one line of JSON out.

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hl7.fhir.r5.conformance.profile.ProfileUtilities;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.utilities.validation.ValidationMessage.IssueSeverity;
import org.hl7.fhir.validation.ValidationEngine;
import org.hl7.fhir.validation.instance.InstanceValidator;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Arguments: packages as `name#version`, found in `.fhir/packages` below the property user.home. The first is R4. */
public class Oracle {
  private static final int MOST_TEXT = 300;

  public static void main(String[] packages) throws Exception {
    Locale.setDefault(Locale.ENGLISH);
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    System.setOut(System.err);  // the engine tells its progress there
    ValidationEngine engine = new ValidationEngine.ValidationEngineBuilder()
        .withVersion("4.0.1").withNoTerminologyServer().withCanRunWithoutTerminologyServer(true)
        .withTHO(false).fromSource(packages[0]);
    for (int i = 1; i < packages.length; i++) {
      engine.getIgLoader().loadIg(engine.getIgs(), engine.getBinaries(), packages[i], false);
    }
    out.println(definitions(engine.getContext()));
    engine.prepare();
    InstanceValidator validator = engine.getValidator(FhirFormat.JSON);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(validated(validator, line));
    }
  }

  /** Every definition that is not of R4 itself, with what is wrong with its snapshot. */
  private static JsonObject definitions(SimpleWorkerContext context) {
    JsonObject answer = new JsonObject();
    JsonObject broken = new JsonObject();
    int loaded = 0;
    for (StructureDefinition one : context.fetchResourcesByType(StructureDefinition.class)) {
      if (one.getUrl().startsWith("http://hl7.org/fhir/")) {
        continue;
      }
      loaded++;
      JsonArray said = snapshot(context, one);
      if (said.size() > 0) {
        broken.add(one.getUrl(), said);
      }
    }
    answer.addProperty("loaded", loaded);
    answer.add("broken", broken);
    return answer;
  }

  private static JsonArray snapshot(SimpleWorkerContext context, StructureDefinition definition) {
    List<ValidationMessage> messages = new ArrayList<>();
    JsonArray said = new JsonArray();
    try {
      StructureDefinition copy = definition.copy();
      StructureDefinition base = context.fetchResource(StructureDefinition.class, copy.getBaseDefinition());
      if (base == null) {
        said.add("the base is not known: " + copy.getBaseDefinition());
        return said;
      }
      new ProfileUtilities(context, messages, null)
          .generateSnapshot(base, copy, copy.getUrl(), "http://hl7.org/fhir/R4", copy.getName());
    } catch (Exception | Error e) {
      said.add(e.toString());
    }
    for (ValidationMessage message : messages) {
      if (message.getLevel().isError()) {
        said.add(message.getLocation() + ": " + message.getMessage());
      }
    }
    return said;
  }

  private static JsonObject validated(InstanceValidator validator, String line) {
    JsonObject answer = new JsonObject();
    JsonArray issues = new JsonArray();
    List<ValidationMessage> messages = new ArrayList<>();
    try {
      validator.validate(null, messages, new ByteArrayInputStream(line.getBytes(UTF_8)), FhirFormat.JSON);
    } catch (Exception | StackOverflowError e) {
      answer.addProperty("failed", e.toString());
    }
    for (ValidationMessage message : messages) {
      if (message.getLevel() != IssueSeverity.INFORMATION) {
        issues.add(issue(message));
      }
    }
    answer.add("issues", issues);
    return answer;
  }

  private static JsonObject issue(ValidationMessage message) {
    JsonObject issue = new JsonObject();
    String text = message.getMessage();
    issue.addProperty("severity", message.getLevel().toCode());
    issue.addProperty("place", message.getLocation());
    issue.addProperty("id", message.getMessageId());
    issue.addProperty("text", text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) : text);
    return issue;
  }
}
